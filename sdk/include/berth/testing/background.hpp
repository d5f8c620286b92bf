// The tasks and timers of a plugin inside a Recorder: real threads, and a time that stands still
// until the test moves it. Not for use by tests but through Recorder.
#pragma once

#include <berth/abi.h>
#include <berth/testing/misuse_list.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace berth::testing {

// Any thread; open(), advance() and stop() are the test's.
class Background {
 public:
  using Duration = std::chrono::nanoseconds;
  using Work = void (*)(void* self, berth_task*);
  using Call = void (*)(void* self);
  struct Task {
    Background* owner;
    std::string name;
    std::int64_t until = -1;  // of its sleep; negative: until it is woken
    bool sleeping = false;
    bool timed_out = false;  // said by advance(), once all timers of that time have ticked
    bool told = false;
    bool woken = false;
    bool ended = false;
    std::thread thread = {};
  };

  explicit Background(MisuseList& misuse) : misuse_(misuse) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  ~Background() {
    if (!stop()) {
      std::fputs("berth::testing: a background task does not end\n", stderr);
      std::terminate();  // it would go on in memory that is gone
    }
  }

  void patience(Duration patience) { patience_ = patience; }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
  }
  // False, and noted: a task does not end when it is told to.
  bool stop() {
    std::unique_lock lock(mutex_);
    open_ = false;
    for (auto& [number, task] : tasks_) task->told = true;
    changed_.notify_all();
    const auto all_ended = [this] {
      return std::all_of(tasks_.begin(), tasks_.end(), [](auto& t) { return t.second->ended; });
    };
    if (!changed_.wait_for(lock, patience_, all_ended)) {
      for (auto& [number, task] : tasks_) {
        if (!task->ended)
          misuse_.add("task \"" + task->name + "\" runs on after it was told to end");
      }
      return false;
    }
    while (!timers_.empty()) finish(lock, timers_.begin());
    for (auto& [number, task] : tasks_) task->thread.join();
    tasks_.clear();
    return true;
  }
  // Moves the time, and runs what is due on the way, in its order; then all sleep or have ended.
  // False: some task does neither.
  bool advance(Duration by) {
    std::unique_lock lock(mutex_);
    const std::int64_t end = now_ + by.count();
    while (settle(lock)) {
      std::int64_t next = INT64_MAX;
      for (auto& [number, task] : tasks_) {
        if (!task->ended && task->until >= 0) next = std::min(next, task->until);
      }
      const auto timer = std::min_element(timers_.begin(), timers_.end(), [](auto& a, auto& b) {
        return a.second.due < b.second.due;
      });
      const bool ticks = timer != timers_.end() && timer->second.due <= next;
      if (ticks) next = timer->second.due;
      if (next > end) {
        now_ = end;
        return true;
      }
      now_ = std::max(now_, next);
      if (ticks) {
        run_tick(lock, timer);
        continue;
      }
      for (auto& [number, task] : tasks_) {
        task->timed_out = task->sleeping && task->until >= 0 && task->until <= now_;
      }
      changed_.notify_all();
    }
    return false;
  }
  // The names of those that have not ended.
  [[nodiscard]] std::vector<std::string> tasks() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    for (const auto& [number, task] : tasks_) {
      if (!task->ended) names.push_back(task->name);
    }
    return names;
  }

  // --- berth.tasks/1
  std::int64_t run(std::string_view name, Work work, void* self) {
    const std::lock_guard lock(mutex_);
    if (name.empty() || work == nullptr)
      return fault(BERTH_E_INVALID, "a task without name or work");
    if (!open_) return fault(BERTH_E_STATE, "a task was run outside of start() and stop()");
    auto& task = tasks_[++last_task_];
    task = std::make_unique<Task>(Task{this, std::string(name)});
    task->thread = std::thread([this, work, self, mine = task.get()] {
      work(self, reinterpret_cast<berth_task*>(mine));
      const std::lock_guard end(mutex_);
      mine->ended = true;
      changed_.notify_all();
    });
    return last_task_;
  }
  static std::int32_t stopping(const berth_task* handle) {
    const Task& task = *reinterpret_cast<const Task*>(handle);
    const std::lock_guard lock(task.owner->mutex_);
    return task.told ? 1 : 0;
  }
  static std::int32_t wait(berth_task* handle, std::int64_t nanoseconds) {
    Task& task = *reinterpret_cast<Task*>(handle);
    Background& owner = *task.owner;
    std::unique_lock lock(owner.mutex_);
    const bool for_ever = nanoseconds < 0 || nanoseconds > INT64_MAX - owner.now_;
    task.until = for_ever ? -1 : owner.now_ + nanoseconds;
    task.timed_out = nanoseconds == 0;
    task.sleeping = true;
    owner.changed_.notify_all();
    owner.changed_.wait(lock, [&] { return owner.due(task); });
    task.sleeping = task.timed_out = false;
    task.until = -1;
    task.woken = false;
    return task.told ? 1 : 0;
  }
  std::int32_t wake(std::int64_t number) {
    return with_task(number, "wake", [](Task& task) { task.woken = true; });
  }
  std::int32_t end(std::int64_t number) {
    const std::int32_t told = with_task(number, "end", [](Task& task) { task.told = true; });
    std::unique_lock lock(mutex_);
    const auto found = tasks_.find(number);
    if (found == tasks_.end() || found->second->thread.get_id() == std::this_thread::get_id()) {
      return told;
    }
    changed_.wait(lock, [&] { return found->second->ended; });
    return told;
  }

  // --- berth.timers/1
  std::int64_t set(std::int64_t first, std::int64_t period, Call tick, Call release, void* self) {
    const std::lock_guard lock(mutex_);
    if (tick == nullptr || first < 0 || period < 0) {
      return fault(BERTH_E_INVALID, "a timer without a tick, or of a negative time");
    }
    if (!open_) return fault(BERTH_E_STATE, "a timer was set outside of start() and stop()");
    const std::int64_t due = first > INT64_MAX - now_ ? INT64_MAX : now_ + first;
    timers_[++last_timer_] = Timer{due, period, tick, release, self};
    return last_timer_;
  }
  std::int32_t cancel(std::int64_t number) {
    std::unique_lock lock(mutex_);
    if (number <= 0 || number > last_timer_) return fault(BERTH_E_INVALID, "cancel of no timer");
    if (std::exchange(cancelled_[number], true)) misuse_.add("a timer was cancelled twice");
    if (ticking_ == number) {
      if (ticker_ != std::this_thread::get_id()) {
        changed_.wait(lock, [&] { return ticking_ != number; });
      }
      return BERTH_OK;
    }
    const auto found = timers_.find(number);
    if (found != timers_.end()) finish(lock, found);
    return BERTH_OK;
  }

 private:
  struct Timer {
    std::int64_t due;
    std::int64_t period;
    Call tick;
    Call release;
    void* self;
  };
  using Timers = std::map<std::int64_t, Timer>;

  [[nodiscard]] bool due(const Task& task) const {
    return task.told || task.woken || task.timed_out;
  }
  // Waits until every task has ended or sleeps with nothing to wake it.
  bool settle(std::unique_lock<std::mutex>& lock) {
    return changed_.wait_for(lock, patience_, [this] {
      return std::all_of(tasks_.begin(), tasks_.end(), [this](auto& entry) {
        const Task& task = *entry.second;
        return task.ended || (task.sleeping && !due(task));
      });
    });
  }
  void run_tick(std::unique_lock<std::mutex>& lock, Timers::iterator at) {
    const auto [number, timer] = *at;
    ticking_ = number;
    ticker_ = std::this_thread::get_id();
    lock.unlock();
    timer.tick(timer.self);
    lock.lock();
    const auto ticked = timers_.find(number);
    if (timer.period == 0 || cancelled_.contains(number)) {
      finish(lock, ticked);
    } else {
      ticked->second.due += timer.period;
    }
    ticking_ = 0;
    changed_.notify_all();
  }
  void finish(std::unique_lock<std::mutex>& lock, Timers::iterator at) {
    const Timer timer = at->second;
    timers_.erase(at);
    lock.unlock();
    if (timer.release != nullptr) timer.release(timer.self);
    lock.lock();
  }
  template <class Change>
  std::int32_t with_task(std::int64_t number, const char* call, const Change& change) {
    const std::lock_guard lock(mutex_);
    if (number <= 0 || number > last_task_) {
      return fault(BERTH_E_INVALID, std::string(call) + " of no task");
    }
    if (const auto found = tasks_.find(number); found != tasks_.end()) change(*found->second);
    changed_.notify_all();
    return BERTH_OK;
  }
  std::int32_t fault(std::int32_t code, std::string what) {
    misuse_.add(std::move(what));
    return code;
  }

  MisuseList& misuse_;
  Duration patience_ = std::chrono::seconds(10);
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  std::int64_t now_ = 0;
  std::int64_t last_task_ = 0;
  std::int64_t last_timer_ = 0;
  std::map<std::int64_t, std::unique_ptr<Task>> tasks_;
  Timers timers_;
  std::map<std::int64_t, bool> cancelled_;
  std::int64_t ticking_ = 0;
  std::thread::id ticker_;
};

}  // namespace berth::testing
