// What the kernel tells about processes and cores: CPU time and private memory. It judges nothing.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace berth::bench {

struct CpuTime {
  std::chrono::nanoseconds total{};  // exact, of threads that have ended too
  std::uint64_t user_ticks = 0;      // the kernel's estimate of how the total divides
  std::uint64_t system_ticks = 0;
};

// Of all these processes together; one that is gone counts nothing.
[[nodiscard]] CpuTime cpu_time_of(const std::vector<pid_t>& processes);

// How long their threads, those that live, were ready to run and had no core. Zero where the kernel
// does not tell.
[[nodiscard]] std::chrono::nanoseconds waited_for_core(const std::vector<pid_t>& processes);

// Private_Clean and Private_Dirty of their smaps_rollup, in bytes.
[[nodiscard]] std::uint64_t private_bytes_of(const std::vector<pid_t>& processes);

struct CoreTime {
  double busy_seconds = 0;  // whoever ran
  double steal_seconds = 0;
};

// /proc/stat, by number of the core.
[[nodiscard]] std::vector<CoreTime> core_times();

}  // namespace berth::bench
