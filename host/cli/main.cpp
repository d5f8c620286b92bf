// argv -> verb -> exit code; everything else is in the libraries.
#include <sys/prctl.h>

#include <cstdio>
#include <exception>

#include "cli/command_line.h"

int main(int argc, char** argv) {
  // Executed by way of a descriptor or /proc/self/exe, it would be listed as what that is called.
  (void)::prctl(PR_SET_NAME, "berth");
  try {
    return berth::cli::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "berth: error: %s\n", error.what());
    return 1;
  }
}
