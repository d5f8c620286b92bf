// Work beside the requests, on threads of the host's that end before on_stop(): tasks and timers.
// Not for work that a request waits for, and not a pool.
//
//   void start(const berth::Config&, berth::Phase) {
//     berth::background("refresh", [](berth::StopToken stop) {
//       while (!stop.wait_for(30s)) refresh();  // true once the image ends
//     });
//     berth::every(10s, [] { expire(); });
//   }
//   BERTH_PLUGIN(berth::handler<Cached>("cached"), berth::on_start(start));
#pragma once

#include <berth/abi.h>
#include <berth/guard.hpp>
#include <berth/host.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace berth {

namespace detail {

// Odd from the beginning of start() to stop(), another value each time. Handles that live on, such
// as global ones, ask the host for nothing.
__attribute__((visibility("hidden"))) inline std::atomic<std::uint32_t> life = 0;

template <class Table>
const Table& host_table(const char* id, std::string_view call) {
  const void* const table = host == nullptr ? nullptr : host->host_facet(host, id);
  if (table == nullptr) throw Error(BERTH_E_STATE, call);
  return *static_cast<const Table*>(table);
}

}  // namespace detail

// How a task hears that it has to end. Copies are alike; of use only within the task.
class StopToken {
 public:
  StopToken(const berth_tasks* table, berth_task* task) noexcept : table_(table), task_(task) {}

  // Whether the task has to end: soon, for the host waits for it.
  [[nodiscard]] bool stop_requested() const noexcept { return table_->stopping(task_) != 0; }
  // Sleeps for that long, less if the task is woken or has to end: true for the latter.
  bool wait_for(std::chrono::nanoseconds time) const noexcept {
    return table_->wait(task_, std::max<std::int64_t>(time.count(), 0)) != 0;
  }
  // Sleeps until the task is woken, or has to end: true for the latter.
  bool wait() const noexcept { return table_->wait(task_, -1) != 0; }

 private:
  const berth_tasks* table_;
  berth_task* task_;
};

// Names a task that background() runs; the host's all the same, whether or not anybody keeps this.
// Copies name the same one. Any thread. Does nothing for a task that has ended.
class Task {
 public:
  Task() = default;  // none
  explicit Task(std::int64_t number) noexcept : number_(number), life_(detail::life) {}

  // Ends its sleep, or the next one.
  void wake() const noexcept {
    if (const berth_tasks* const tasks = table()) tasks->wake(detail::host, number_);
  }
  // Tells it to end and waits until it has; from within the task it only tells. Hold no lock that
  // the task may take.
  void end() const noexcept {
    if (const berth_tasks* const tasks = table()) tasks->end(detail::host, number_);
  }

 private:
  [[nodiscard]] const berth_tasks* table() const noexcept {
    if (number_ == 0 || life_ != detail::life) return nullptr;
    return static_cast<const berth_tasks*>(detail::host->host_facet(detail::host, BERTH_TASKS));
  }
  std::int64_t number_ = 0;
  std::uint32_t life_ = 0;
};

// Names a timer of every() or after(); the host's all the same. Copies name the same one, and one
// of them cancels. Any thread.
class Timer {
 public:
  Timer() = default;  // none
  explicit Timer(std::int64_t number) noexcept : number_(number), life_(detail::life) {}

  // From its return on the timer does nothing: it waits for a call that runs, unless it is made
  // within that. Hold no lock that the call may take.
  void cancel() noexcept {
    const std::int64_t number = std::exchange(number_, 0);
    if (number == 0 || life_ != detail::life) return;
    const void* const table = detail::host->host_facet(detail::host, BERTH_TIMERS);
    if (table != nullptr) static_cast<const berth_timers*>(table)->cancel(detail::host, number);
  }

 private:
  std::int64_t number_ = 0;
  std::uint32_t life_ = 0;
};

// Ends what it holds where it goes, for work that refers to something that goes with it.
//   berth::Scoped refresh = berth::every(1s, [this] { refresh_all(); });  // the last member
template <class Handle>
requires std::same_as<Handle, Task> || std::same_as<Handle, Timer>
class Scoped {
 public:
  Scoped() = default;
  Scoped(Handle handle) noexcept : handle_(handle) {}  // NOLINT: as a smart pointer's factory
  Scoped(Scoped&& other) noexcept : handle_(std::exchange(other.handle_, Handle())) {}
  Scoped& operator=(Scoped&& other) noexcept {
    if (this != &other) end();
    handle_ = std::exchange(other.handle_, Handle());
    return *this;
  }
  Scoped(const Scoped&) = delete;
  Scoped& operator=(const Scoped&) = delete;
  ~Scoped() { end(); }

  [[nodiscard]] Handle& get() noexcept { return handle_; }

 private:
  void end() noexcept {
    if constexpr (std::same_as<Handle, Task>) {
      handle_.end();
    } else {
      handle_.cancel();
    }
  }
  Handle handle_;
};

// Runs work(StopToken) on a thread of the host's own, shown to people by that name. A throw is
// logged and ends the task. Only from on_start() to on_stop(), before which the host ends it; one
// that does not end when it is told to keeps the plugin in memory. Throws Error: E_STATE outside of
// that time, E_TOO_LARGE above the host's limit, E_FAILED without a thread.
template <class Work>
Task background(std::string_view name, Work work) {
  static_assert(std::invocable<Work&, StopToken>,
                "a background task is called with a berth::StopToken");
  struct Call {
    Work work;
    std::string name;
    const berth_tasks* table;
  };
  const auto& table = detail::host_table<berth_tasks>(BERTH_TASKS, "background");
  auto call = std::make_unique<Call>(Call{std::move(work), std::string(name), &table});
  const auto run = [](void* self, berth_task* task) noexcept {
    const std::unique_ptr<Call> mine(static_cast<Call*>(self));
    detail::guard_background(mine->name, [&] { mine->work(StopToken(mine->table, task)); });
  };
  const std::int64_t number = table.run(detail::host, detail::str(name), run, call.get());
  detail::check(number, "background");
  static_cast<void>(call.release());  // the task's
  return Task(number);
}

namespace detail {

template <class Work>
Timer set_timer(std::chrono::nanoseconds first, std::chrono::nanoseconds period, Work work,
                std::string_view call) {
  static_assert(std::invocable<Work&>, "a timer is called without arguments");
  const auto& table = host_table<berth_timers>(BERTH_TIMERS, call);
  auto held = std::make_unique<Work>(std::move(work));
  const auto tick = [](void* self) noexcept {
    guard_background("timers", [&] { (*static_cast<Work*>(self))(); });
  };
  const auto release = [](void* self) noexcept { delete static_cast<Work*>(self); };
  const std::int64_t number =
      table.set(host, first.count(), period.count(), tick, release, held.get());
  check(number, call);
  static_cast<void>(held.release());  // the timer's
  return Timer(number);
}

}  // namespace detail

// Calls work() once in every period, first when one has passed. The timers of a plugin share one
// thread, so that what takes long belongs into background(); calls that were missed are left out. A
// throw is logged, and the timer goes on. Time and errors as background(); std::invalid_argument
// for a period that is not above 0.
template <class Work>
Timer every(std::chrono::nanoseconds period, Work work) {
  if (period.count() <= 0) throw std::invalid_argument("every(): a period is above 0");
  return detail::set_timer(period, period, std::move(work), "every");
}

// Calls work() once, when that time has passed.
template <class Work>
Timer after(std::chrono::nanoseconds time, Work work) {
  using std::chrono::nanoseconds;
  return detail::set_timer(std::max(time, nanoseconds(0)), nanoseconds(0), std::move(work),
                           "after");
}

}  // namespace berth
