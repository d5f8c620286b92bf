// How many processes the system has killed to get memory: read before and after a process lived, it
// tells such an end from any other SIGKILL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace berth::supervise {

// Of this process's control group (memory.events, cgroup v2) where there is one, else of the whole
// system (/proc/vmstat): then one of another's counts, too. nullopt: neither can be read. Tests
// give other folders.
[[nodiscard]] std::optional<std::uint64_t> oom_kills(const std::string& proc = "/proc",
                                                     const std::string& cgroup = "/sys/fs/cgroup");

}  // namespace berth::supervise
