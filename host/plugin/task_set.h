// The background tasks of one image (berth.tasks/1): threads of the host's that run code of the
// plugin until it is stopped. Not a pool, and not the timers: TimerSet is one of the tasks.
#pragma once

#include <berth/abi.h>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace berth::plugin {

class HostTable;

// A task that has not ended: what keeps an image alive.
struct TaskInfo {
  std::string name;    // the plugin's: any bytes
  base::Duration age;  // since it was run
};

// Any thread. Numbers and results are those of berth_tasks in abi_facets.h.
class TaskSet {
 public:
  using Work = void (*)(void* self, berth_task*);

  // host: for lines about its tasks. Both outlive the set.
  TaskSet(const HostTable& host, const base::Clock& clock) noexcept;
  TaskSet(const TaskSet&) = delete;
  TaskSet& operator=(const TaskSet&) = delete;
  // Stops, and waits for every task however long it takes.
  ~TaskSet();

  // Takes tasks from now on, until stop().
  void open() noexcept;
  // Takes no more, tells all to end, and waits for them until `deadline`; one in the past only
  // tells. Those that still run: call it again. Not from within a task.
  std::vector<TaskInfo> stop(base::TimePoint deadline);
  // Those that have not ended, oldest first.
  [[nodiscard]] std::vector<TaskInfo> running() const;

  // What work() throws is logged and ends the task.
  [[nodiscard]] std::int64_t run(std::string_view name, Work work, void* self) noexcept;
  [[nodiscard]] std::int32_t stopping(const berth_task& task) const noexcept;
  // Only within the task.
  std::int32_t wait(berth_task& task, std::int64_t nanoseconds) noexcept;
  std::int32_t wake(std::int64_t number) noexcept;
  std::int32_t end(std::int64_t number) noexcept;

 private:
  using Tasks = std::map<std::int64_t, std::shared_ptr<berth_task>>;

  void drive(berth_task& task) noexcept;
  // Joins the threads of tasks that have ended.
  void reap(std::unique_lock<std::mutex>& lock) noexcept;
  [[nodiscard]] std::size_t alive() const noexcept;
  // Null: no such task, or it has ended and was reaped.
  [[nodiscard]] std::shared_ptr<berth_task> find(std::int64_t number) const noexcept;

  const HostTable& host_;
  const base::Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  // All below, and the states of the tasks, under mutex_.
  Tasks tasks_;
  std::int64_t last_ = 0;
  std::size_t joining_ = 0;  // threads whose task is reaped already
  bool open_ = false;
};

}  // namespace berth::plugin

// One task: the ABI's opaque type. Its fields are TaskSet's alone.
struct berth_task {
  berth_task(berth::plugin::TaskSet& owner, std::int64_t its_number, std::string its_name,
             berth::base::TimePoint now, berth::plugin::TaskSet::Work its_work, void* its_self);
  berth_task(const berth_task&) = delete;
  berth_task& operator=(const berth_task&) = delete;
  ~berth_task();

  struct Thread;
  berth::plugin::TaskSet& set;
  const std::int64_t number;
  const std::string name;
  const berth::base::TimePoint since;
  const berth::plugin::TaskSet::Work work;
  void* const self;
  std::unique_ptr<Thread> thread;
  std::condition_variable changed;
  bool told = false;  // to end
  bool woken = false;
  bool ended = false;
};
