#include "sched/call_watch.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/limits.h"

namespace berth::sched {

namespace {

namespace limits = base::limits;

// A call with a deadline has that and some more, whatever it does meanwhile; one without is late
// when nothing of it is heard.
bool is_late(const CallSight& call, base::Duration age, base::Duration silence) noexcept {
  if (call.timeout == base::Duration::zero()) return silence >= limits::kStuckSilence;
  const bool far = call.timeout > base::Duration::max() / limits::kStuckFactor;
  return !far &&
         age >= std::max<base::Duration>(call.timeout * limits::kStuckFactor, limits::kStuckLeast);
}

}  // namespace

base::Duration CallWatch::thread_cpu_time(pid_t thread) noexcept {
  // Linux, include/linux/posix-timers_types.h: the complement of the id, then PERTHREAD and SCHED.
  const auto clock = static_cast<clockid_t>(~static_cast<unsigned>(thread) << 3U | 6U);
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return {};
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

CallWatch::Seen CallWatch::seen_now(const CallSight& call, base::TimePoint now) const {
  const auto before = std::find_if(seen_.begin(), seen_.end(), [&call](const Seen& seen) {
    return seen.call.worker == call.worker && seen.call.call == call.call &&
           seen.call.thread == call.thread;
  });
  if (before == seen_.end()) {
    return {.call = call, .since = now, .active_at = now, .cpu_before = cpu_time_(call.thread)};
  }
  Seen seen = *before;
  if (seen.call.progress != call.progress) seen.active_at = now;
  seen.call = call;
  return seen;
}

CallWatch::Late CallWatch::late_of(const Seen& seen) const {
  const base::Duration cpu = cpu_time_(seen.call.thread) - seen.cpu_before;
  return {.call = seen.call,
          .age = looked_at_ - seen.since,
          .cpu = std::max(cpu, base::Duration::zero())};
}

std::optional<CallWatch::Late> CallWatch::look(std::span<const CallSight> calls,
                                               base::TimePoint now) {
  std::vector<Seen> seen;
  seen.reserve(calls.size());
  for (const CallSight& call : calls) seen.push_back(seen_now(call, now));
  std::stable_sort(seen.begin(), seen.end(),
                   [](const Seen& a, const Seen& b) { return a.since < b.since; });
  seen_ = std::move(seen);
  looked_at_ = now;
  for (Seen& each : seen_) {
    if (each.told || !is_late(each.call, now - each.since, now - each.active_at)) continue;
    each.told = true;
    return late_of(each);
  }
  return std::nullopt;
}

std::vector<CallWatch::Late> CallWatch::told() const {
  std::vector<Late> told;
  for (const Seen& each : seen_) {
    if (each.told) told.push_back(late_of(each));
  }
  return told;
}

}  // namespace berth::sched
