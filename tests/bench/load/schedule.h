// When each request of an open loop is due: evenly spaced, whatever became of those before. It
// sends nothing.
#pragma once

#include <chrono>
#include <cstdint>

namespace berth::bench {

class Schedule {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // REQUIRES: per_second and count are not 0.
  Schedule(Time first, std::uint64_t per_second, std::uint64_t count) noexcept
      : first_(first), per_second_(per_second), count_(count) {}

  // Whether there is a request that should be out by `now`.
  [[nodiscard]] bool is_due(Time now) const noexcept {
    return taken_ < count_ && due(taken_) <= now;
  }
  // When the next one was due; it is not due any more. REQUIRES: is_due().
  [[nodiscard]] Time take() noexcept { return due(taken_++); }
  [[nodiscard]] Time last() const noexcept { return due(count_ - 1); }

 private:
  // Out of the number, and not out of the one before: nothing that is rounded adds up.
  [[nodiscard]] Time due(std::uint64_t number) const noexcept {
    const std::uint64_t whole = number / per_second_;
    const std::uint64_t rest = number % per_second_;
    return first_ + std::chrono::seconds(whole) +
           std::chrono::nanoseconds(rest * 1'000'000'000U / per_second_);
  }

  Time first_;
  std::uint64_t per_second_;
  std::uint64_t count_;
  std::uint64_t taken_ = 0;
};

}  // namespace berth::bench
