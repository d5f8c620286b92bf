/* Calls a function that no library has. */
#include "minimal.h"

int not_there_anywhere(void);
__attribute__((visibility("default"))) int calls_it(void);
int calls_it(void) { return not_there_anywhere(); }
