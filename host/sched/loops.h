// The server's loops together, with the monitor that watches them: starting, balancing and draining
// them. Not a loop's own work.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "sched/loop.h"
#include "sched/monitor.h"
#include "sched/monitor_bell.h"
#include "sched/pool.h"

namespace berth::sched {

// Made, started, drained and stopped by one thread. The pool and the clock outlive it.
class Loops {
 public:
  Loops(Pool& pool, const base::Clock& clock) noexcept : pool_(pool), clock_(clock) {}
  Loops(const Loops&) = delete;
  Loops& operator=(const Loops&) = delete;
  ~Loops() = default;

  // Opens pool.options().loops loops; nothing runs yet.
  [[nodiscard]] base::Status<> open();
  // How many loops do not turn: see Monitor. Any thread, once started.
  [[nodiscard]] std::size_t stuck() const noexcept {
    return monitor_ ? monitor_->stuck_loops() : 0;
  }

  // Loops that have a driver, and those among them whose driver is inside a handler now. Any
  // thread, once started.
  [[nodiscard]] std::size_t driven() const;
  [[nodiscard]] std::size_t inside_handlers() const noexcept;

  // Gives each loop a thread, and the monitor one.
  [[nodiscard]] base::Status<> start();

  [[nodiscard]] std::size_t size() const noexcept { return loops_.size(); }
  [[nodiscard]] Loop& at(std::size_t index) noexcept { return *loops_[index]; }

  // The loop a connection accepted by `accepting` shall live on: that one, unless another has
  // clearly fewer.
  [[nodiscard]] Loop& choose(Loop& accepting) noexcept;
  // All loops' connections, those on their way included. Any thread.
  [[nodiscard]] std::size_t connections() const noexcept {
    const auto count = connections_.load(std::memory_order_relaxed);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  // Runs `task` once for each loop on its driver, between two events. False: not all had come to it
  // by the deadline; they still do, later, so the task owns what it uses. At once where all loops
  // have ended. REQUIRES: started.
  [[nodiscard]] bool run_on_each(std::function<void(Loop&)> task, base::TimePoint deadline);
  // Waits until no driver and not the monitor is any more at what it had begun before the call, and
  // what was on its way back to a loop then has arrived. False at the deadline. REQUIRES: as above.
  [[nodiscard]] bool synchronize(base::TimePoint deadline);

  // Asks every loop to drain (hard: to cut what is left); returns at once.
  void drain(bool hard);
  // Waits until every loop has ended; false at the deadline.
  [[nodiscard]] bool wait_drained(base::TimePoint deadline);

  // --- for Loop ---
  [[nodiscard]] MonitorBell& bell() noexcept { return bell_; }
  void count_connection(std::ptrdiff_t change) noexcept {
    connections_.fetch_add(change, std::memory_order_relaxed);
  }
  void finished();
  // A loop takes no connection of its own any more; once all say so, none sends one to another
  // either.
  void began_draining();
  [[nodiscard]] bool all_draining() const noexcept {
    return draining_.load(std::memory_order_acquire) >= started_.load(std::memory_order_relaxed);
  }

 private:
  Pool& pool_;
  const base::Clock& clock_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::atomic<std::ptrdiff_t> connections_{0};  // a count for limits and statistics: relaxed
  std::atomic<std::size_t> started_{0};         // loops with a driver; fixed once start() is over
  std::atomic<std::size_t> draining_{0};  // acq_rel: publishes what a loop sent to others before
  mutable std::mutex mutex_;              // with the condition variable: guards running_
  std::condition_variable changed_;
  std::size_t running_ = 0;
  MonitorBell bell_;
  std::unique_ptr<Monitor> monitor_;  // behind the loops it looks at: ends before them
};

}  // namespace berth::sched
