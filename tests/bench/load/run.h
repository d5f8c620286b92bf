// One run of load: the groups of clients, the window that is measured, and its result as JSON.
#pragma once

#include <string>

#include "bench/load/options.h"

namespace berth::bench {

// Spins on its core until the run is over: a generator that sleeps makes the server pay for waking
// it. Returns one line of JSON; the driver's load.py reads it. Throws std::runtime_error or
// std::system_error if nothing can be measured.
[[nodiscard]] std::string run_load(const Options& options);

}  // namespace berth::bench
