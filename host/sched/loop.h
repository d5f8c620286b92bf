// One epoll instance with its connections and timers, driven by one thread at a time and handed
// between threads.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "sched/inbox.h"
#include "sched/owner_word.h"
#include "sched/source.h"
#include "sched/timer_wheel.h"

namespace berth::sched {

class Learning;
class Loops;
class Worker;

// Everything the next driver needs travels in here: the event batch and where it stands, the ready
// queue, timers, the dead. Members below "loop side" belong to the driver while the owner word is
// even, and to nobody while it is odd; the word's CAS publishes them to the next driver.
class Loop {
 public:
  // Throws Poco or std exceptions only from memory exhaustion; descriptors are checked by open().
  [[nodiscard]] static base::Result<std::unique_ptr<Loop>> open(Loops& loops, std::size_t index,
                                                                const base::Clock& clock);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  // Drives until the loop has drained or is taken by another thread.
  void drive(Worker& worker);

  // --- loop side: the driver only ---
  // Watches a descriptor level-triggered and shared with the other loops (a listener).
  // EPOLLEXCLUSIVE cannot be modified: pausing is unwatch, going on is watch.
  [[nodiscard]] base::Status<> watch_listener(Source& source, int descriptor) noexcept;
  void unwatch(int descriptor) const noexcept;
  // Takes a connection over and looks at it (on_adopted), for its first request has often come with
  // it; only then it is watched, edge-triggered, until it is closed. Who is served and closed at
  // once never is. One that the kernel does not watch (ENOMEM, max_user_watches) is cut.
  [[nodiscard]] Turn begin(Worker& worker, std::unique_ptr<Connection> connection);
  // The same in this loop's next turn, for who may run no handler now.
  void adopt(std::unique_ptr<Connection> connection);
  // Ends a connection that nobody holds: freed after this batch of events. It is not watched any
  // more; its descriptor, open until here, may be closed at once.
  void close(Connection& connection) noexcept;
  // Calls on_return of a connection on the next turn: there is more to do than one turn's share.
  void requeue(Connection& connection);
  void schedule(Timer& timer, base::TimePoint deadline) noexcept {
    timers_.schedule(timer, deadline);
  }
  void cancel(Timer& timer) noexcept { timers_.cancel(timer); }
  // How many events the batch has that is being run.
  [[nodiscard]] std::size_t batch() const noexcept;
  // Read once per batch of events.
  [[nodiscard]] base::TimePoint now() const noexcept { return now_; }
  [[nodiscard]] const base::Clock& clock() const noexcept { return clock_; }
  [[nodiscard]] bool draining() const noexcept { return draining_; }

  // --- the holder of a connection, on its own thread ---
  // No news of it come any more.
  void forsake(Connection& connection) const noexcept;
  // News of the peer's end only, for who waits for input itself; and of all again, at once if there
  // are any.
  void ignore_input(const Connection& connection) const noexcept;
  void heed_input(const Connection& connection) const noexcept;

  // --- any thread ---
  // A held connection comes back. Wakes the loop if it sleeps.
  void post(Connection& connection) noexcept;
  // Runs a task on the driver, between events.
  void post_task(std::function<void(Worker&)> task);
  // A new connection for this loop (from another loop's accept).
  void post_new(std::unique_ptr<Connection> connection);
  [[nodiscard]] std::size_t connections() const noexcept {
    return connection_count_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] OwnerWord& owner() noexcept { return owner_; }
  // The route whose handler the driver enters, for whoever has to take the loop from it. Looked at
  // only while the owner word is odd, so that the route is alive. release: who sees a route sees
  // what it was made with, also where it is that of a later call than the word's.
  void set_inside(Learning& route) noexcept { inside_.store(&route, std::memory_order_release); }
  [[nodiscard]] Learning* inside() const noexcept {
    return inside_.load(std::memory_order_acquire);
  }
  // The thread that drives it, or did; 0: none has. relaxed: advice, which the owner word judges.
  [[nodiscard]] pid_t driver() const noexcept { return driver_.load(std::memory_order_relaxed); }
  // Whether its driver waits for events, or is about to. seq_cst: see MonitorBell.
  [[nodiscard]] bool asleep() const noexcept {
    return sleeping_.load(std::memory_order_seq_cst) != 0;
  }
  [[nodiscard]] std::size_t index() const noexcept { return index_; }
  [[nodiscard]] Loops& loops() noexcept { return loops_; }

  // Driver only: every connection it has, held ones included.
  void for_each_connection(const std::function<void(Connection&)>& look);
  // Driver only: no new connections; ends once the last one is closed. `hard`: cut what is left.
  void drain(Worker& worker, bool hard);

 private:
  struct Events;  // epoll_event batch
  Loop(Loops& loops, std::size_t index, const base::Clock& clock, base::Descriptor epoll,
       base::Descriptor wake);

  [[nodiscard]] Turn run_batch(Worker& worker);
  [[nodiscard]] Turn run_ready(Worker& worker);
  void take_inbox(Worker& worker);
  void run_tasks(Worker& worker);
  void run_timers(Worker& worker);
  [[nodiscard]] bool has_ended() const noexcept;
  void bury() noexcept;
  void wait();
  void wake() noexcept;
  // Another connection of this loop, which has it from now on.
  [[nodiscard]] Connection& take_over(std::unique_ptr<Connection> connection) noexcept;
  void enlist(Connection& connection) noexcept;
  [[nodiscard]] Turn look_at(Worker& worker, Connection& connection);
  void watch_unwatched() noexcept;
  [[nodiscard]] bool control(const Connection& connection, int operation,
                             std::uint32_t events) const noexcept;

  // Read by all, written rarely.
  Loops& loops_;
  const std::size_t index_;
  const base::Clock& clock_;
  const base::Descriptor epoll_;
  const base::Descriptor wake_;  // eventfd, edge-triggered: written, never read

  alignas(64) OwnerWord owner_;
  std::atomic<Learning*> inside_{nullptr};
  std::atomic<pid_t> driver_{0};
  alignas(64) Inbox inbox_;
  // 1 while the driver is in, or about to enter, epoll_wait. seq_cst on both sides: see Inbox for
  // who wakes it, and MonitorBell for whom it wakes.
  std::atomic<std::uint32_t> sleeping_{0};
  // Written by any thread under mutex_, read relaxed by the driver as a hint, seq_cst before it
  // sleeps.
  std::atomic<bool> has_tasks_{false};
  std::atomic<std::size_t> connection_count_{0};  // statistics and balancing: relaxed
  base::Mutex mutex_;
  std::vector<std::function<void(Worker&)>> tasks_ BERTH_GUARDED_BY(mutex_);

  // Loop side.
  alignas(64) std::unique_ptr<Events> events_;
  base::TimePoint now_;
  TimerWheel timers_;
  std::deque<Connection*> ready_;
  std::vector<std::unique_ptr<Connection>> dead_;
  Connection* first_ = nullptr;  // every adopted connection
  // Looked at for the first time, and not watched yet. Set while its handler may run: who takes the
  // loop from there watches it.
  Connection* unwatched_ = nullptr;
  bool draining_ = false;
  bool hard_ = false;
};

}  // namespace berth::sched
