// What server, generator and cores have used up to one moment; two of them make a window.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "bench/load/figures.h"

namespace berth::bench {

struct Reading {
  std::chrono::steady_clock::time_point time;
  CpuTime server;
  std::chrono::nanoseconds server_waited{};
  std::chrono::nanoseconds generator{};
  std::vector<CoreTime> cores;
};

// Of the server's processes and of this one.
[[nodiscard]] Reading read_now(const std::vector<pid_t>& processes);

// "seconds", "server_cpu_seconds" and the others, as members of a JSON object, without braces.
[[nodiscard]] std::string window_json(const Reading& before, const Reading& after);

}  // namespace berth::bench
