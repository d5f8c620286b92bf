// What the generator is asked to do, out of its command line; it opens nothing.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "reload/load/reloads.h"

namespace berth::reload {

struct Options {
  std::uint16_t port = 0;
  Deploying deploying;
  std::uint64_t reloads = 0;
  std::size_t keep_alive = 64;         // connections of the plain requests
  std::chrono::milliseconds peak{0};   // how long it is measured, if `share` is of it
  std::uint64_t share_percent = 70;    // of the server's core, in an open loop
  std::uint64_t rate = 0;              // of the plain requests, if no peak is measured
  std::chrono::milliseconds alone{0};  // without reloads, at the same rate
  bool further = false;                // also the kinds that a measurement leaves out
  bool spin = false;                   // a core is its own
  std::vector<pid_t> processes;        // the server's: whose CPU time is read
};

// Throws std::invalid_argument with a sentence for the user.
[[nodiscard]] Options parse_options(std::span<char* const> arguments);

}  // namespace berth::reload
