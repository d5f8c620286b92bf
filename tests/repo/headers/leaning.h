// A header that leans on its includer's <string>: the test that headers compile alone refuses it.
#pragma once

std::string leaning();
