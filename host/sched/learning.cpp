#include "sched/learning.h"

#include <algorithm>

#include "base/limits.h"

namespace berth::sched {

namespace {

namespace limits = base::limits;

constexpr std::uint64_t kCalls = 256;  // the average's reach
constexpr std::uint64_t kOffload = kCalls * limits::kBlockingOffload.count();
constexpr std::uint64_t kReturn = kCalls * limits::kBlockingReturn.count();
// What a call may block without being held against its route where no thread is left.
constexpr base::Duration kHarmless = std::chrono::microseconds(100);
constexpr std::uint64_t kMostTimes = 0x7fff;

static_assert(kCalls * limits::kBlockingMost.count() <= UINT32_MAX);

}  // namespace

Learning::Change Learning::record(base::Duration blocked) noexcept {
  const auto ns = static_cast<std::uint64_t>(
      std::clamp(blocked, base::Duration(0), limits::kBlockingMost).count());
  std::uint64_t word = load();
  const std::uint64_t before = word & UINT32_MAX;
  // The last 255 ns decay to zero at once: then there is nothing left to write.
  const std::uint64_t sum = before < kCalls ? ns : before - before / kCalls + ns;
  std::uint64_t calm = calm_of(word);
  calm = blocked < kHarmless ? std::min(calm + 1, kSettled) : calm - std::min(calm, kLapse);
  bool offloaded = (word & kOffloadedBit) != 0;
  std::uint64_t times = word >> kTimesShift;
  Change change = Change::kNone;
  if (!offloaded && sum > kOffload) {
    offloaded = true;
    times = std::min(times + 1, kMostTimes);
    change = Change::kOffloaded;
  } else if (offloaded && sum < kReturn) {
    offloaded = false;
    change = Change::kReturned;
  }
  const std::uint64_t next =
      sum | calm << kCalmShift | (offloaded ? kOffloadedBit : 0) | times << kTimesShift;
  if (next == word) return Change::kNone;
  // Where another call wrote meanwhile, this one is left out of the average: a change is told once.
  if (!word_.compare_exchange_strong(word, next, std::memory_order_relaxed)) return Change::kNone;
  return change;
}

void Learning::doubt() noexcept {
  std::uint64_t word = load();
  if (calm_of(word) <= kSettled - kTrial) return;
  (void)word_.compare_exchange_strong(word, with_calm(word, kSettled - kTrial),
                                      std::memory_order_relaxed);
}

void Learning::distrust() noexcept {
  if (off_) return;
  std::uint64_t word = load();
  while (calm_of(word) > kProven - kTrial &&
         !word_.compare_exchange_weak(word, with_calm(word, kProven - kTrial),
                                      std::memory_order_relaxed)) {
  }
}

void Learning::acquit() noexcept {
  std::uint64_t word = load();
  while (calm_of(word) >= kProven - kTrial && calm_of(word) < kProven &&
         !word_.compare_exchange_weak(word, with_calm(word, kSettled - kTrial),
                                      std::memory_order_relaxed)) {
  }
}

base::Duration Learning::average() const noexcept {
  return base::Duration(static_cast<std::int64_t>((load() & UINT32_MAX) / kCalls));
}

}  // namespace berth::sched
