// How the monitor sleeps while the whole server does, and how a loop wakes it: one word and a
// futex. It decides nothing.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace berth::sched {

//   kAwake    the monitor looks at the loops from time to time
//   kAsleep   it sleeps, or is about to, until a loop rings
//   kStopped  it ends
//
// Dekker with Loop::sleeping_: a loop that wakes stores "not sleeping" and then reads this word;
// the monitor stores kAsleep and then reads every loop's. All four are seq_cst, so one of the two
// sees the other: either the monitor stays up, or the loop rings.
//
// A cache line of its own, written only when the server falls asleep or wakes: a loop's look, once
// a batch of events, is a shared read.
class alignas(64) MonitorBell {
 public:
  MonitorBell() = default;
  MonitorBell(const MonitorBell&) = delete;
  MonitorBell& operator=(const MonitorBell&) = delete;
  ~MonitorBell() = default;

  // --- loops' drivers: after "not sleeping" was stored, before a handler runs
  void ring() noexcept {
    if (word_.load(std::memory_order_seq_cst) == kAsleep) [[unlikely]]
      wake();
  }

  // --- the monitor
  [[nodiscard]] bool stopped() const noexcept {
    return word_.load(std::memory_order_acquire) == kStopped;
  }
  // Waits for `period`, or until stop().
  void rest(base::Duration period) const noexcept { wait_while(kAwake, period); }
  // Says that it sleeps from now on. False: stopped.
  [[nodiscard]] bool lie_down() noexcept { return exchange(kAwake, kAsleep); }
  // Waits until a loop rings or stop(), at most for `most`.
  void sleep(base::Duration most) const noexcept { wait_while(kAsleep, most); }
  // True: a loop rang since lie_down(), or stop() was called.
  bool get_up() noexcept { return !exchange(kAsleep, kAwake); }

  // --- whoever ends it
  void stop() noexcept;

 private:
  static constexpr std::uint32_t kAwake = 0;
  static constexpr std::uint32_t kAsleep = 1;
  static constexpr std::uint32_t kStopped = 2;

  [[nodiscard]] bool exchange(std::uint32_t from, std::uint32_t to) noexcept {
    return word_.compare_exchange_strong(from, to, std::memory_order_seq_cst);
  }
  void wake() noexcept;
  void wait_while(std::uint32_t value, base::Duration most) const noexcept;

  std::atomic<std::uint32_t> word_{kAwake};
};

}  // namespace berth::sched
