#include "shared_code.h"

int shared_code_state = 0;
void shared_code_set(int value) { shared_code_state = value; }
int shared_code_value() { return shared_code_state; }
