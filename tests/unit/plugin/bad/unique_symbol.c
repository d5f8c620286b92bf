/* Has the kind of symbol that g++ makes of statics in inline functions, whatever compiles this. */
#include "minimal.h"

__asm__(
    ".globl test_unique_object\n"
    ".type test_unique_object, @gnu_unique_object\n"
    ".size test_unique_object, 4\n"
    ".data\n"
    "test_unique_object: .long 1\n"
    ".text\n");
extern int test_unique_object;
__attribute__((visibility("default"))) int reads_it(void);
int reads_it(void) { return test_unique_object; }
