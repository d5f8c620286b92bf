// Deadlines of a loop's sources: putting one off is a store, so a busy connection's timers cost
// nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace berth::sched {

// A member of one wheel at most; owned by whatever derives from it, which cancels it before it
// dies.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() = default;

  [[nodiscard]] bool armed() const noexcept { return deadline_ != kNever; }
  // REQUIRES: armed().
  [[nodiscard]] base::TimePoint deadline() const noexcept { return deadline_; }

 private:
  friend class TimerWheel;
  static constexpr base::TimePoint kNever = base::TimePoint::max();
  Timer* previous_ = nullptr;  // null: not linked
  Timer* next_ = nullptr;
  base::TimePoint deadline_ = kNever;
  std::uint64_t tick_ = 0;  // of the slot it is linked into
};

// 1,024 slots of 67 ms. A timer lies in the slot of some tick at or before its deadline's; when
// that tick comes it either fires or moves on. So a later deadline is only noted, an earlier one
// moves the timer, and one beyond the wheel's 68 s waits in its last slot. Fires up to one tick
// late, never early. Loop side: one thread at a time.
class TimerWheel {
 public:
  explicit TimerWheel(base::TimePoint now) noexcept;
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;
  ~TimerWheel() = default;

  void schedule(Timer& timer, base::TimePoint deadline) noexcept {
    timer.deadline_ = deadline;
    if (timer.previous_ != nullptr && tick_of(deadline) >= timer.tick_) return;
    relink(timer);
  }
  // Never fires until scheduled again. Stays linked: the slot's turn drops it.
  static void disarm(Timer& timer) noexcept { timer.deadline_ = Timer::kNever; }
  // Out of the wheel: before the timer dies.
  void cancel(Timer& timer) noexcept;

  // The next timer that is due at `now`, unlinked; null: none. Call until it returns null.
  [[nodiscard]] Timer* pop_due(base::TimePoint now) noexcept;

  // How long nothing can be due; nullopt: no timer is linked.
  [[nodiscard]] std::optional<base::Duration> until_next(base::TimePoint now) noexcept;

 private:
  static constexpr unsigned kTickShift = 26;  // 2^26 ns = 67 ms
  static constexpr std::size_t kSlots = 1024;

  [[nodiscard]] static std::uint64_t tick_of(base::TimePoint at) noexcept {
    return static_cast<std::uint64_t>(at.time_since_epoch().count()) >> kTickShift;
  }
  // How far the next slot that holds anything is from tick_; `most` where there is none before.
  [[nodiscard]] std::uint64_t steps_to_occupied(std::uint64_t most) const noexcept;
  [[nodiscard]] static base::TimePoint end_of(std::uint64_t tick) noexcept {
    return base::TimePoint{base::Duration{static_cast<std::int64_t>((tick + 1) << kTickShift)}};
  }
  void relink(Timer& timer) noexcept;
  void unlink(Timer& timer) noexcept;

  std::array<Timer, kSlots> slots_;  // heads of circular lists
  std::array<std::uint64_t, kSlots / 64> occupied_{};
  std::uint64_t tick_;  // every slot before it is empty
  // The end of the first slot that may hold anything; too early where that was cancelled since.
  base::TimePoint earliest_ = base::TimePoint::max();
};

}  // namespace berth::sched
