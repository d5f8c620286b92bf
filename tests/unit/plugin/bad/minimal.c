/* Nothing is wrong with it but what its compile and link options make wrong. */
#include "minimal.h"
