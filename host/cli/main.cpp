// argv -> verb -> exit code; everything else is in the libraries.
#include <cstdio>
#include <exception>

#include "cli/command_line.h"

int main(int argc, char** argv) {
  try {
    return berth::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "berth: error: %s\n", error.what());
    return 1;
  }
}
