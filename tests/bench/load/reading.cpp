#include "bench/load/reading.h"

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <sstream>

namespace berth::bench {
namespace {

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

void write_cores(std::ostream& out, const Reading& before, const Reading& after,
                 double CoreTime::*member) {
  for (std::size_t i = 0; i < std::min(before.cores.size(), after.cores.size()); ++i) {
    out << (i == 0 ? "" : ",") << after.cores[i].*member - before.cores[i].*member;
  }
}

}  // namespace

Reading read_now(const std::vector<pid_t>& processes) {
  timespec own{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  return {std::chrono::steady_clock::now(), cpu_time_of(processes), waited_for_core(processes),
          std::chrono::seconds(own.tv_sec) + std::chrono::nanoseconds(own.tv_nsec), core_times()};
}

std::string window_json(const Reading& before, const Reading& after) {
  std::ostringstream out;
  out << "\"seconds\":" << seconds(after.time - before.time)
      << ",\"server_cpu_seconds\":" << seconds(after.server.total - before.server.total)
      << ",\"server_user_ticks\":" << after.server.user_ticks - before.server.user_ticks
      << ",\"server_system_ticks\":" << after.server.system_ticks - before.server.system_ticks
      << ",\"server_waited_seconds\":" << seconds(after.server_waited - before.server_waited)
      << ",\"generator_cpu_seconds\":" << seconds(after.generator - before.generator)
      << ",\"core_busy_seconds\":[";
  write_cores(out, before, after, &CoreTime::busy_seconds);
  out << "],\"steal_seconds\":[";
  write_cores(out, before, after, &CoreTime::steal_seconds);
  out << ']';
  return out.str();
}

}  // namespace berth::bench
