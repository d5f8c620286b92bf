#include "sched/monitor.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "sched/learning.h"
#include "sched/loop.h"
#include "sched/monitor_bell.h"
#include "sched/pool.h"

namespace berth::sched {

namespace {

namespace limits = base::limits;

constexpr base::Duration kForEver = std::chrono::hours(1);  // an extra look does no harm

}  // namespace

Monitor::Monitor(const std::vector<std::unique_ptr<Loop>>& loops, Pool& pool, MonitorBell& bell,
                 const base::Clock& clock, LookAtThread look_at_thread)
    : loops_(loops),
      pool_(pool),
      bell_(bell),
      clock_(clock),
      look_at_thread_(std::move(look_at_thread)),
      seen_(loops.size()),
      busy_at_(clock.now()),
      alert_until_(busy_at_),
      trim_at_(busy_at_ + limits::kSpareIdle) {}

Monitor::~Monitor() {
  if (!started_) return;
  bell_.stop();
  thread_.join();
}

void Monitor::start() {
  thread_.start(*this);
  started_ = true;
}

void Monitor::run() {
  (void)::pthread_setname_np(::pthread_self(), "berth-monitor");
  // The default slack of 50 us would make 100 us 150.
  (void)::prctl(PR_SET_TIMERSLACK, 1000UL);
  while (!bell_.stopped()) {
    const Rest rest = look(clock_.now());
    if (rest.asleep) {
      sleep();
    } else {
      bell_.rest(rest.time);
    }
  }
}

void Monitor::sleep() {
  if (!bell_.lie_down()) return;
  const bool sleeps = all_asleep();
  // Only now: a loop that was up since the last look did not ring, and may have queued something
  // before it slept. Whoever saw it asleep sees that, too.
  if (sleeps) bell_.sleep(until_next_task(clock_.now()));
  const bool rung = bell_.get_up();
  if (rung || !sleeps) busy_at_ = clock_.now();  // a while longer before it lies down again
}

base::Duration Monitor::until_next_task(base::TimePoint now) {
  base::Duration most = kForEver;
  if (const auto expiry = pool_.expire(now)) most = std::min<base::Duration>(most, *expiry - now);
  if (pool_.may_trim()) most = std::min<base::Duration>(most, trim_at_ - now);
  return most;
}

bool Monitor::all_asleep() const noexcept {
  return std::all_of(loops_.begin(), loops_.end(),
                     [](const std::unique_ptr<Loop>& loop) { return loop->asleep(); });
}

Monitor::Rest Monitor::look(base::TimePoint now) {
  const base::MutexLock lock(looking_);
  const base::Duration patience =
      now < alert_until_ ? limits::kAlertStealAfter : limits::kStealAfter;
  std::size_t stuck = 0;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    Seen& seen = seen_[i];
    const OwnerWord::Token word = loops_[i]->owner().load();
    if (word != seen.word) {
      seen = {.word = word, .since = now};
      busy_at_ = now;
    } else if (OwnerWord::inside(word)) {
      busy_at_ = now;
      if (now - seen.since >= patience && !is_preempted(*loops_[i], seen, now, patience)) {
        take(*loops_[i], seen, now);
      }
      if (now - seen.since >= limits::kLoopStuck) ++stuck;
    }
  }
  stuck_.store(stuck, std::memory_order_relaxed);
  (void)pool_.expire(now);
  if (now >= trim_at_) {
    pool_.trim();
    trim_at_ = now + limits::kSpareIdle;
  }
  if (now - busy_at_ < limits::kMonitorIdle) {
    return {now < alert_until_ ? limits::kMonitorAlertPeriod : limits::kMonitorPeriod};
  }
  return {.time = {}, .asleep = true};
}

// On a processor that others want, too, a handler may be in its call for long without having run:
// whoever took the loop would have to wait for the same processor.
bool Monitor::is_preempted(const Loop& loop, Seen& seen, base::TimePoint now,
                           base::Duration patience) {
  if (now - seen.since >= limits::kPreemptedMost) return false;
  if (now < seen.again) return true;
  const std::optional<base::ThreadUse> use = look_at_thread_(loop.driver());
  if (!use || use->state != 'R') return false;
  // One that runs has had about as much of a processor as there was time.
  if (seen.cpu && use->cpu - *seen.cpu >= patience / 2) return false;
  if (!seen.cpu) seen.cpu = use->cpu;
  seen.again = now + patience;
  return true;
}

void Monitor::take(Loop& loop, Seen& seen, base::TimePoint now) {
  // A route with a long record may hang as any other: while it does no call of it may enter a loop
  // that nobody could take over.
  std::shared_ptr<Share> share;
  if (Learning* const route = loop.inside(); route != nullptr) {
    route->distrust();
    share = route->share();
  }
  // The spare first: a loop is never without a driver.
  Worker* const spare = pool_.reserve_for_loop();
  if (spare == nullptr) {
    if (!seen.reported) pool_.notify(Notice::kSpareMissing);
    seen.reported = true;
    return;
  }
  // Before: it may return at once, and then counts no longer.
  if (share) share->enter();
  if (!loop.owner().steal(seen.word)) {
    if (share) share->leave();
    pool_.unreserve(*spare);  // its driver left in time, or released it
    return;
  }
  alert_until_ = now + limits::kMonitorAlert;
  pool_.drive(*spare, loop);
  pool_.notify(Notice::kLoopTaken);
}

}  // namespace berth::sched
