#include "sched/monitor_bell.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <ctime>

namespace berth::sched {

namespace {

// std::atomic::wait has no time limit.
static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

void futex_wake(std::atomic<std::uint32_t>& word) noexcept {
  (void)::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace

void MonitorBell::wake() noexcept {
  if (exchange(kAsleep, kAwake)) futex_wake(word_);
}

void MonitorBell::stop() noexcept {
  word_.store(kStopped, std::memory_order_seq_cst);
  futex_wake(word_);
}

void MonitorBell::wait_while(std::uint32_t value, base::Duration most) const noexcept {
  // A longer wait may end early; that it began is enough for its callers.
  const base::Duration bounded =
      std::clamp<base::Duration>(most, base::Duration(0), std::chrono::hours(1));
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(bounded);
  const timespec time{.tv_sec = seconds.count(), .tv_nsec = (bounded - seconds).count()};
  (void)::syscall(SYS_futex, &word_, FUTEX_WAIT_PRIVATE, value, &time, nullptr, 0);
}

}  // namespace berth::sched
