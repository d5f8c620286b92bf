// The verbs of `berth` and their options.
#pragma once

namespace berth::cli {

// Exit codes: 0 done; 1 refused or failed, and stderr says why; 2 the command line is wrong; of the
// verbs that ask a running server also 3 no server answers, 4 none in time.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace berth::cli
