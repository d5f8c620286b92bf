#include "base/clock.h"

namespace berth::base {

namespace {

class SystemClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
  }
  [[nodiscard]] std::chrono::sys_time<std::chrono::microseconds> wall() const noexcept override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  }
};

}  // namespace

const Clock& system_clock() noexcept {
  // Never destroyed: a plugin may call exit(), beside which threads go on.
  static const SystemClock& clock = *new SystemClock();
  return clock;
}

}  // namespace berth::base
