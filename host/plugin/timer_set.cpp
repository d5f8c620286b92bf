#include "plugin/timer_set.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/limits.h"
#include "plugin/contained_call.h"
#include "plugin/host_table.h"

namespace berth::plugin {

namespace {

namespace limits = base::limits;

base::TimePoint after(base::TimePoint now, base::Duration time) noexcept {
  return time < base::TimePoint::max() - now ? now + time : base::TimePoint::max();
}

// The first one behind `now` in the rhythm of a timer that was due; what was missed is left out.
base::TimePoint next_due(base::TimePoint due, base::Duration period, base::TimePoint now) noexcept {
  const base::Duration late = std::max(now - due, base::Duration::zero());
  return after(now, period - late % period);
}

}  // namespace

TimerSet::TimerSet(TaskSet& tasks, const HostTable& host, const base::Clock& clock) noexcept
    : tasks_(tasks), host_(host), clock_(clock) {}

std::int64_t TimerSet::set(std::int64_t first, std::int64_t period, Call tick, Call release,
                           void* self) noexcept {
  if (first < 0 || period < 0) return BERTH_E_INVALID;
  try {
    const std::lock_guard lock(mutex_);
    if (timers_.size() >= limits::kTimers) return BERTH_E_TOO_LARGE;
    const std::int64_t number = last_ + 1;
    const base::TimePoint due = after(clock_.now(), base::Duration(first));
    const auto place =
        timers_.emplace(number, Timer{due, base::Duration(period), tick, release, self}).first;
    if (task_ != 0) {
      tasks_.wake(task_);
    } else {
      const std::int64_t task = tasks_.run("timers", &TimerSet::work, this);
      if (task < 0) {
        timers_.erase(place);
        return task;
      }
      task_ = task;
    }
    return last_ = number;
  } catch (const std::exception&) {  // std::bad_alloc
    return BERTH_E_FAILED;
  }
}

std::int32_t TimerSet::cancel(std::int64_t number) noexcept {
  std::unique_lock lock(mutex_);
  if (number <= 0 || number > last_) return BERTH_E_INVALID;
  const auto found = timers_.find(number);
  if (ticking_ == number) {
    if (found != timers_.end()) found->second.cancelled = true;
    if (thread_ != std::this_thread::get_id()) {
      ticked_.wait(lock, [&] { return ticking_ != number; });
    }
    return BERTH_OK;
  }
  if (found == timers_.end()) return BERTH_OK;
  const Timer timer = found->second;
  timers_.erase(found);
  lock.unlock();
  call(timer.release, timer.self, "release() of a timer");
  return BERTH_OK;
}

void TimerSet::work(void* self, berth_task* task) noexcept {
  static_cast<TimerSet*>(self)->drive(*task);
}

void TimerSet::drive(berth_task& task) {
  std::unique_lock lock(mutex_);
  thread_ = std::this_thread::get_id();
  while (tasks_.stopping(task) == 0) {
    const auto next = earliest();
    const base::TimePoint now = clock_.now();
    if (next != timers_.end() && next->second.due <= now) {
      run_tick(lock, next);
      continue;
    }
    const std::int64_t left = next == timers_.end() ? -1 : (next->second.due - now).count();
    lock.unlock();
    tasks_.wait(task, left);
    lock.lock();
  }
  while (!timers_.empty()) {
    const auto [number, timer] = *timers_.begin();
    timers_.erase(timers_.begin());
    ticking_ = number;
    lock.unlock();
    call(timer.release, timer.self, "release() of a timer");
    lock.lock();
    ticking_ = 0;
    ticked_.notify_all();
  }
  task_ = 0;
  thread_ = {};
}

void TimerSet::run_tick(std::unique_lock<std::mutex>& lock, Timers::iterator due) {
  const auto [number, timer] = *due;
  ticking_ = number;
  lock.unlock();
  call(timer.tick, timer.self, "a timer");
  lock.lock();
  const auto ticked = timers_.find(number);  // only its own thread takes one out that ticks
  if (timer.period > base::Duration::zero() && !ticked->second.cancelled) {
    ticked->second.due = next_due(timer.due, timer.period, clock_.now());
  } else {
    timers_.erase(ticked);
    lock.unlock();
    call(timer.release, timer.self, "release() of a timer");
    lock.lock();
  }
  ticking_ = 0;
  ticked_.notify_all();
}

TimerSet::Timers::iterator TimerSet::earliest() noexcept {
  return std::min_element(timers_.begin(), timers_.end(),
                          [](const auto& a, const auto& b) { return a.second.due < b.second.due; });
}

void TimerSet::call(Call function, void* self, const char* name) const noexcept {
  if (function == nullptr) return;
  try {
    function(self);
  } catch (...) {  // a plugin without the SDK's guard
    log_exception(name, host_);
  }
}

}  // namespace berth::plugin
