#include "sched/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace berth::sched {

TimerWheel::TimerWheel(base::TimePoint now) noexcept : tick_(tick_of(now)) {
  for (Timer& head : slots_) head.previous_ = head.next_ = &head;
}

void TimerWheel::relink(Timer& timer) noexcept {
  if (timer.previous_ != nullptr) unlink(timer);
  // A deadline in the past goes into the current slot, one beyond the horizon into the last.
  timer.tick_ = std::clamp(tick_of(timer.deadline_), tick_, tick_ + kSlots - 1);
  const std::size_t slot = timer.tick_ % kSlots;
  Timer& head = slots_[slot];
  timer.previous_ = head.previous_;
  timer.next_ = &head;
  head.previous_->next_ = &timer;
  head.previous_ = &timer;
  occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  earliest_ = std::min(earliest_, end_of(timer.tick_));
}

void TimerWheel::unlink(Timer& timer) noexcept {
  timer.previous_->next_ = timer.next_;
  timer.next_->previous_ = timer.previous_;
  timer.previous_ = timer.next_ = nullptr;
  const std::size_t slot = timer.tick_ % kSlots;
  if (slots_[slot].next_ == &slots_[slot]) {
    occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  }
}

void TimerWheel::cancel(Timer& timer) noexcept {
  if (timer.previous_ != nullptr) unlink(timer);
  timer.deadline_ = Timer::kNever;
}

Timer* TimerWheel::pop_due(base::TimePoint now) noexcept {
  const std::uint64_t now_tick = tick_of(now);
  // Only ticks that are wholly over: all that lies there is due or was put off, so nothing is
  // looked at twice.
  while (tick_ < now_tick) {
    Timer& head = slots_[tick_ % kSlots];
    while (head.next_ != &head) {
      Timer& timer = *head.next_;
      if (timer.deadline_ == Timer::kNever) {
        unlink(timer);
      } else if (tick_of(timer.deadline_) > tick_) {
        relink(timer);
      } else {
        cancel(timer);
        return &timer;
      }
    }
    tick_ += steps_to_occupied(now_tick - tick_);
  }
  return nullptr;
}

std::uint64_t TimerWheel::steps_to_occupied(std::uint64_t most) const noexcept {
  for (std::uint64_t step = 1; step < most && step < kSlots;) {
    const std::size_t slot = (tick_ + step) % kSlots;
    const std::uint64_t word = occupied_[slot / 64] >> (slot % 64);
    if (word != 0) {
      return std::min(step + static_cast<std::uint64_t>(std::countr_zero(word)), most);
    }
    step += 64 - slot % 64;
  }
  return most;
}

std::optional<base::Duration> TimerWheel::until_next(base::TimePoint now) noexcept {
  if (earliest_ <= now) {
    earliest_ = base::TimePoint::max();
    const bool here = slots_[tick_ % kSlots].next_ != &slots_[tick_ % kSlots];
    const std::uint64_t step = here ? 0 : steps_to_occupied(kSlots);
    if (step < kSlots) earliest_ = end_of(tick_ + step);
  }
  // By then everything of that slot's tick is due.
  if (earliest_ == base::TimePoint::max()) return std::nullopt;
  return std::max(earliest_ - now, base::Duration::zero());
}

}  // namespace berth::sched
