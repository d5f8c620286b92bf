#include "supervise/oom_kills.h"

#include <fstream>

namespace berth::supervise {

namespace {

std::optional<std::uint64_t> value_of(const std::string& file, const std::string& key) {
  std::ifstream lines(file);
  std::string name;
  for (std::uint64_t value = 0; lines >> name >> value;) {
    if (name == key) return value;
  }
  return std::nullopt;
}

// "0::/system.slice/berth.service" -> "/system.slice/berth.service"
std::optional<std::string> group_of(const std::string& file) {
  constexpr std::string_view kUnified = "0::";
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kUnified)) return line.substr(kUnified.size());
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> oom_kills(const std::string& proc, const std::string& cgroup) {
  if (const auto group = group_of(proc + "/self/cgroup")) {
    if (const auto kills = value_of(cgroup + *group + "/memory.events", "oom_kill")) return kills;
  }
  return value_of(proc + "/vmstat", "oom_kill");
}

}  // namespace berth::supervise
