/* A program and no plugin. */
int main(void) { return 0; }
