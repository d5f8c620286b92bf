// One thread of the server with what belongs to it: its read buffer and the scratch of the layers
// above.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <Poco/Runnable.h>
#include <Poco/Thread.h>

#include "base/clock.h"
#include "sched/call_meter.h"
#include "sched/loop.h"
#include "sched/owner_word.h"

namespace berth::sched {

class Connection;
class Loop;
class Pool;

// What a layer above keeps for each thread (parsers, buffers): made once on that thread, used by it
// alone.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  virtual ~Scratch() = default;
  // The thread has nothing in hand: called before it sleeps, and between two tasks.
  virtual void rest() noexcept {}
};

// What another thread sees of the call that a worker is inside of.
struct CallSight {
  const Worker* worker = nullptr;  // whose it is; only to be compared
  pid_t thread = 0;
  std::uint64_t call = 0;      // another number for each call of the worker
  std::uint64_t progress = 0;  // another number once something went to its client or came from it
  base::Duration timeout{};    // of its route; zero: none
};

// A worker drives a loop, runs a job with a connection it holds, or is parked in the pool. All
// members but the parking word are its own thread's.
class Worker final : private Poco::Runnable {
 public:
  // Starts the thread; throws Poco::SystemException where the system gives none.
  Worker(Pool& pool, std::string name, std::size_t stack_bytes);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() override;

  // PoolOptions::buffer_bytes of them, for whatever the thread does now.
  [[nodiscard]] std::span<char> buffer() noexcept { return {buffer_.get(), buffer_bytes_}; }
  [[nodiscard]] Scratch& scratch() noexcept { return *scratch_; }
  [[nodiscard]] Pool& pool() noexcept { return pool_; }

  // Its gettid(); 0: it has not begun. Any thread.
  [[nodiscard]] pid_t thread_id() const noexcept {
    return thread_id_.load(std::memory_order_relaxed);
  }
  // The loop this thread drives; null: none, so it may wait as it likes.
  [[nodiscard]] Loop* loop() const noexcept { return loop_; }

  // Whether the next request of a route may be served by this thread, which drives a loop. False:
  // it blocks, or may do so while no thread is left to take the loop over, or none for its plugin.
  [[nodiscard]] bool may_serve_inline(const Learning& route) const noexcept {
    return route.settled() ||
           (!route.offloaded() && (route.proven() || (can_be_relieved() && route.has_room())));
  }

  // Around every call of a handler; what it costs is learnt for its route, which outlives it. After
  // leave_handler() returned false the loop has another driver, or this thread never drove one.
  // timeout: of the route, for whoever watches the call; zero: none.
  void enter_handler(Learning& route, base::Duration timeout = {}) noexcept;
  [[nodiscard]] bool leave_handler() noexcept;
  // Within it: something went to its client, or came from it.
  void note_progress() noexcept { add_one(progress_, std::memory_order_relaxed); }
  // The call that it is inside of; nothing: of none, or of one that may last as it likes. Any
  // thread, while the worker lives; what it says may be over by then, which another look tells.
  [[nodiscard]] std::optional<CallSight> sight() const noexcept;
  // What the last call changed for its route; told once.
  [[nodiscard]] Learning::Change take_change() noexcept { return meter_.take_change(); }

  // Inside a handler, before this thread waits for its client (see ClientWait): hands the loop to a
  // spare, and counts as one of client_waits from then on until its task ends. True: the thread
  // owns no loop (any more). False: no spare is left, or too many wait; it must not wait (DESIGN:
  // never block while owning a loop).
  [[nodiscard]] bool release_loop() noexcept;
  // Inside a handler that goes on as its client's partner: the call is not held against its route,
  // and may last.
  void disregard_call() noexcept {
    meter_.disregard();
    call_timeout_.store(base::Duration::max(), std::memory_order_relaxed);
  }
  // --- for ClientWait ---
  [[nodiscard]] bool begin_client_wait() noexcept;
  void end_client_wait() noexcept {
    meter_.resume();
    note_progress();
  }
  // Whether this thread counts as one of client_waits until its task ends.
  [[nodiscard]] bool waits() const noexcept { return waits_; }

  // Between two batches of a loop and between two tasks: what the thread kept for the next request
  // is given up, and a visit that was asked for is made (Pool::begin_visit).
  void rest() noexcept;

  // The thread may have slept between two calls.
  void forget_usage() noexcept { meter_.forget_usage(); }

  // --- for Pool ---
  struct Task {
    Loop* loop = nullptr;
    Connection* job = nullptr;
    std::shared_ptr<Share> share = {};  // that the job counts in; null: of no plugin
    bool waits = false;                 // counts as one of client_waits
    bool end = false;                   // the thread ends
  };
  // The task was reserved for this worker alone; wakes or starts it.
  void assign(Task task);
  // Has a parked thread make its visit; others do so by themselves.
  void nudge() noexcept;
  // The round of visits it has made last. Any thread; acquire: what the visit did is done.
  [[nodiscard]] std::uint64_t visited() const noexcept {
    return visited_.load(std::memory_order_acquire);
  }
  // True once the thread has ended; waits up to `milliseconds` for it.
  [[nodiscard]] bool try_join(long milliseconds);

 private:
  void run() override;  // the thread's body
  [[nodiscard]] Task await_task() noexcept;
  [[nodiscard]] bool can_be_relieved() const noexcept;
  // The call has ended whose loop the monitor took.
  void end_taken() noexcept;
  // The worker's thread alone changes them.
  static void add_one(std::atomic<std::uint64_t>& number, std::memory_order order) noexcept {
    number.store(number.load(std::memory_order_relaxed) + 1, order);
  }

  Pool& pool_;
  std::string name_;
  std::size_t buffer_bytes_;
  std::unique_ptr<char[]> buffer_;
  std::unique_ptr<Scratch> scratch_;
  Loop* loop_ = nullptr;
  OwnerWord::Token token_ = 0;
  CallMeter meter_;
  Learning* route_ = nullptr;  // of the call
  bool taken_ = false;         // its loop was, by the monitor: it counts in its plugin's share
  // For sight(). Odd while it is inside a call. release: who sees a call sees its timeout, too, or
  // that of a later call, which another look at call_ tells. The others are advice: relaxed.
  std::atomic<std::uint64_t> call_{0};
  std::atomic<std::uint64_t> progress_{0};
  std::atomic<base::Duration> call_timeout_{};
  std::atomic<pid_t> thread_id_{0};
  bool waits_ = false;  // counts as one of client_waits until its task ends
  Task task_;
  // kNone -> kParked by the worker before it sleeps, any -> kAssigned by assign(), -> kNone by the
  // worker; kParked -> kNudged by nudge(), -> kParked by the worker. assign() releases and the
  // worker acquires: publishes task_.
  static constexpr std::uint32_t kNone = 0;
  static constexpr std::uint32_t kParked = 1;
  static constexpr std::uint32_t kAssigned = 2;
  static constexpr std::uint32_t kNudged = 3;
  std::atomic<std::uint32_t> signal_{kNone};
  std::atomic<std::uint64_t> visited_;  // see visited()
  bool joined_ = false;                 // the stopping thread's
  Poco::Thread thread_;
};

[[gnu::always_inline]] inline void Worker::enter_handler(Learning& route,
                                                         base::Duration timeout) noexcept {
  call_timeout_.store(timeout, std::memory_order_relaxed);
  add_one(call_, std::memory_order_release);
  meter_.begin(route);
  if (loop_ == nullptr) return;
  route_ = &route;
  loop_->set_inside(route);
  token_ = loop_->owner().enter();
}

[[gnu::always_inline]] inline bool Worker::leave_handler() noexcept {
  add_one(call_, std::memory_order_release);
  // First: the loop may be taken as long as it looks inside.
  if (loop_ != nullptr && loop_->owner().leave(token_)) [[likely]] {
    meter_.end();
    return true;
  }
  taken_ = taken_ || loop_ != nullptr;
  loop_ = nullptr;
  meter_.end();
  if (taken_) end_taken();
  return false;
}

}  // namespace berth::sched
