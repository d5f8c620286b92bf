// The verbs of `berth` and their options.
#pragma once

namespace berth::cli {

// Exit codes: 0 done; 1 refused or failed, and stderr says why; 2 the command line is wrong.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace berth::cli
