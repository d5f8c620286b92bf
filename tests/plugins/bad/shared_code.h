// A static library that both twins link: its state is theirs, not common.
#pragma once

void shared_code_set(int value);
int shared_code_value();
