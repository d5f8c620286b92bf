// A clock that moves when a test says so. It wakes nobody: TestServer::settle() makes loops look at
// it.
#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace berth::test {

// Any thread.
class FakeClock final : public base::Clock {
 public:
  explicit FakeClock(base::Duration start = std::chrono::hours(1)) noexcept
      : now_ns_(start.count()) {}

  [[nodiscard]] base::TimePoint now() const noexcept override {
    return base::TimePoint{base::Duration{now_ns_.load(std::memory_order_acquire)}};
  }
  // 2026-01-02 03:04:05 UTC, and on from there as now() goes; or beside that by what it was set
  // off.
  [[nodiscard]] std::chrono::sys_time<std::chrono::microseconds> wall() const noexcept override {
    constexpr std::chrono::sys_seconds kStart{std::chrono::seconds{1767323045}};
    const base::Duration off{wall_off_ns_.load(std::memory_order_acquire)};
    return kStart + std::chrono::duration_cast<std::chrono::microseconds>(
                        now().time_since_epoch() - std::chrono::hours(1) + off);
  }
  void advance(base::Duration by) noexcept {
    now_ns_.fetch_add(by.count(), std::memory_order_acq_rel);
  }

  // Sets the time of day off, as an administrator or NTP does: now() does not notice.
  void set_wall_off(base::Duration by) noexcept {
    wall_off_ns_.fetch_add(by.count(), std::memory_order_acq_rel);
  }

 private:
  std::atomic<base::Duration::rep> now_ns_;
  std::atomic<base::Duration::rep> wall_off_ns_{0};
};

}  // namespace berth::test
