/* Stands for another version of a library of the host. */
int fake_library_function(void);
int fake_library_function(void) { return 1; }
