// The seam to time: everything that needs it takes a Clock, so that tests can hand it a fake one.
#pragma once

#include <chrono>

namespace berth::base {

// Deadlines and durations: CLOCK_MONOTONIC, so a wall clock that is set never fires a timer
// (faults.md 43).
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
using Duration = std::chrono::nanoseconds;

// May be called from any thread, many at once.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;
  // Seconds since the Unix epoch: for the Date field and for logs only.
  [[nodiscard]] virtual std::chrono::sys_time<std::chrono::microseconds> wall() const noexcept = 0;
};

// The system's clocks. Static storage.
[[nodiscard]] const Clock& system_clock() noexcept;

}  // namespace berth::base
