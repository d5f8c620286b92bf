// A header that includes what it uses: the test that headers compile alone takes it.
#pragma once

#include <string>

std::string sound();
