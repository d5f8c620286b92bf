// One run: the peak, the load alone, the load beside reloads, and an end in order. Its findings are
// lines of JSON on stdout, which the driver reads.
#pragma once

#include "reload/load/options.h"

namespace berth::reload {

// Throws std::runtime_error or std::system_error if the server cannot be asked at all; requests
// that fail are counted.
void run_load(const Options& options);

}  // namespace berth::reload
