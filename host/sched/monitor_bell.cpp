#include "sched/monitor_bell.h"

#include "base/futex.h"

namespace berth::sched {

void MonitorBell::wake() noexcept {
  if (exchange(kAsleep, kAwake)) base::futex_wake(word_);
}

void MonitorBell::stop() noexcept {
  word_.store(kStopped, std::memory_order_seq_cst);
  base::futex_wake(word_);
}

void MonitorBell::wait_while(std::uint32_t value, base::Duration most) const noexcept {
  base::futex_wait(word_, value, most);
}

}  // namespace berth::sched
