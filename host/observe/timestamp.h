// Wall-clock times as logs write them, in UTC. Not the Date field of HTTP.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <string_view>

namespace berth::observe {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

// Bytes that hold any result below.
inline constexpr std::size_t kMaxTimestamp = 32;

// Both write into buffer and return a view into it; nothing is allocated, no time zone is read.
// Years outside 0..9999 are shown as 0000. REQUIRES buffer.size() >= kMaxTimestamp.

// "2026-01-02T03:04:05.678Z" (RFC 3339), milliseconds rounded down.
[[nodiscard]] std::string_view rfc3339(WallTime time, std::span<char> buffer) noexcept;
// "02/Jan/2026:03:04:05 +0000", as the combined log format has it between brackets.
[[nodiscard]] std::string_view common_log_time(WallTime time, std::span<char> buffer) noexcept;

}  // namespace berth::observe
