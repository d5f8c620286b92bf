/* Needs a library, which one is said by the linker. */
#include "minimal.h"

int fake_library_function(void);
__attribute__((visibility("default"))) int calls_library(void);
int calls_library(void) { return fake_library_function(); }
