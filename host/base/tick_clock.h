// Durations of microseconds at the price of three instructions: the processor's time stamp counter
// where it may be trusted, else the monotonic clock. Not for deadlines: those are base/clock.h.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace berth::base {

// A count that grows at a constant rate. Values of two cores may differ by less than a microsecond,
// so a difference may be negative: take it as signed. Copied into whoever reads it often.
class TickClock {
 public:
  // The best this machine has, measured once (some 200 us at the first call). Static storage.
  [[nodiscard]] static const TickClock& system() noexcept;

  // One rdtsc on x86-64 with an invariant counter (CPUID 80000007h EDX bit 8); clock_gettime
  // through the vDSO elsewhere.
  [[nodiscard]] std::int64_t now() const noexcept {
#if defined(__x86_64__)
    if (counter_) [[likely]]
      return static_cast<std::int64_t>(__builtin_ia32_rdtsc());
#endif
    return std::chrono::steady_clock::now().time_since_epoch().count();
  }
  [[nodiscard]] std::int64_t ticks(Duration duration) const noexcept {
    return static_cast<std::int64_t>(static_cast<double>(duration.count()) * ticks_per_ns_);
  }
  [[nodiscard]] Duration duration(std::int64_t ticks) const noexcept {
    return Duration(static_cast<std::int64_t>(static_cast<double>(ticks) / ticks_per_ns_));
  }

 private:
  TickClock() noexcept;

  bool counter_ = false;
  double ticks_per_ns_ = 1.0;
};

}  // namespace berth::base
