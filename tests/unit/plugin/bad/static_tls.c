/* Takes of the room for thread_local variables that the loader set aside at start. */
#include "minimal.h"

static _Thread_local int counter;
__attribute__((visibility("default"))) int counts(void);
int counts(void) { return ++counter; }
