// The timers of one image (berth.timers/1), which tick on one thread: a task of its TaskSet, made
// with the first timer. Not for the host's own deadlines: those are sched's wheel.
#pragma once

#include <berth/abi.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

#include "base/clock.h"
#include "plugin/task_set.h"

namespace berth::plugin {

class HostTable;

// Any thread. Numbers and results are those of berth_timers in abi_facets.h. A timer that blocks
// holds up the others of its image: no other image, and no request.
class TimerSet {
 public:
  using Call = void (*)(void* self);

  // All outlive the set; tasks has stopped before the set ends.
  TimerSet(TaskSet& tasks, const HostTable& host, const base::Clock& clock) noexcept;
  TimerSet(const TimerSet&) = delete;
  TimerSet& operator=(const TimerSet&) = delete;

  // What tick() throws is logged, and the timer goes on. release may be null. REQUIRES: tick.
  [[nodiscard]] std::int64_t set(std::int64_t first, std::int64_t period, Call tick, Call release,
                                 void* self) noexcept;
  std::int32_t cancel(std::int64_t number) noexcept;

 private:
  struct Timer {
    base::TimePoint due;
    base::Duration period;  // 0: once
    Call tick;
    Call release;
    void* self;
    bool cancelled = false;  // from within its tick
  };
  using Timers = std::map<std::int64_t, Timer>;

  static void work(void* self, berth_task* task) noexcept;
  void drive(berth_task& task);
  void run_tick(std::unique_lock<std::mutex>& lock, Timers::iterator due);
  [[nodiscard]] Timers::iterator earliest() noexcept;
  // Calls into the plugin; without the lock.
  void call(Call function, void* self, const char* name) const noexcept;

  TaskSet& tasks_;
  const HostTable& host_;
  const base::Clock& clock_;
  std::mutex mutex_;
  std::condition_variable ticked_;
  // All below under mutex_, which is never held while TaskSet's is wanted by a thread that joins.
  Timers timers_;
  std::int64_t last_ = 0;
  std::int64_t task_ = 0;     // 0: none
  std::int64_t ticking_ = 0;  // until its release, too, if that follows
  std::thread::id thread_;
};

}  // namespace berth::plugin
