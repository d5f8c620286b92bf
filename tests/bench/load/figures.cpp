#include "bench/load/figures.h"

#include <unistd.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

namespace berth::bench {
namespace {

std::string file_of(pid_t process, std::string_view name) {
  return "/proc/" + std::to_string(process) + "/" + std::string(name);
}

std::chrono::nanoseconds exact_time_of(pid_t process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0) return {};
  if (::clock_gettime(clock, &time) != 0) return {};
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

CpuTime cpu_time_of(const std::vector<pid_t>& processes) {
  CpuTime time;
  for (const pid_t process : processes) {
    time.total += exact_time_of(process);
    std::ifstream file(file_of(process, "stat"));
    std::string text;
    std::getline(file, text);
    // proc(5): the name in parentheses may hold anything; user and system time are fields 14, 15.
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) continue;
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    if (fields >> user >> system) {
      time.user_ticks += user;
      time.system_ticks += system;
    }
  }
  return time;
}

std::chrono::nanoseconds waited_for_core(const std::vector<pid_t>& processes) {
  std::chrono::nanoseconds waited{};
  for (const pid_t process : processes) {
    std::error_code gone;
    for (const auto& task : std::filesystem::directory_iterator(file_of(process, "task"), gone)) {
      std::ifstream file(task.path() / "schedstat");
      std::int64_t ran = 0;
      std::int64_t waited_here = 0;
      if (file >> ran >> waited_here) waited += std::chrono::nanoseconds(waited_here);
    }
  }
  return waited;
}

std::uint64_t private_bytes_of(const std::vector<pid_t>& processes) {
  std::uint64_t kilobytes = 0;
  for (const pid_t process : processes) {
    std::ifstream file(file_of(process, "smaps_rollup"));
    std::string line;
    while (std::getline(file, line)) {
      if (!line.starts_with("Private_Clean:") && !line.starts_with("Private_Dirty:")) continue;
      kilobytes += std::stoull(line.substr(line.find(':') + 1));
    }
  }
  return kilobytes * 1024;
}

std::vector<CoreTime> core_times() {
  const auto ticks_per_second = static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::vector<CoreTime> cores;
  std::ifstream file("/proc/stat");
  std::string line;
  while (std::getline(file, line)) {
    if (!line.starts_with("cpu") || line.starts_with("cpu ")) continue;
    std::istringstream fields(line);
    std::string name;
    std::array<double, 8> ticks{};  // user nice system idle iowait irq softirq steal
    fields >> name;
    for (double& value : ticks) fields >> value;
    cores.push_back({(ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]) / ticks_per_second,
                     ticks[7] / ticks_per_second});
  }
  return cores;
}

}  // namespace berth::bench
