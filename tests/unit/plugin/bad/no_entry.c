/* A library that is no plugin. */
__attribute__((visibility("default"))) int some_library(void);
int some_library(void) { return 42; }
