// The server's threads: a bounded set of workers that drive loops or run jobs, and the queue of
// jobs. Who blocks is not decided here.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "sched/learning.h"
#include "sched/worker.h"

namespace berth::sched {

// What happened that an operator may want to count.
enum class Notice : std::uint8_t {
  kLoopTaken,     // the monitor took a loop from a handler that kept it
  kLoopReleased,  // a handler gave its loop away before it waited for its client
  kSpareMissing,  // a handler keeps its loop, and no thread is left to take it over
};

// What a job may wait for.
enum class JobKind : std::uint8_t {
  kForClient,  // for its client, like a handler whose body is still on its way
  kForWork,    // for anything else: its route was found to block
};

// What became of a job.
enum class Submitted : std::uint8_t {
  kTaken,    // it runs, or will
  kWaits,    // for others of its plugin, which keep all threads that it may have
  kRefused,  // too many wait
};

struct PoolOptions {
  std::size_t loops = 1;
  std::size_t threads = base::limits::kThreads;  // beside the loops' drivers
  std::size_t client_waits =
      base::limits::kClientWaits;            // of them, that wait for clients at a time
  std::size_t queue = base::limits::kQueue;  // jobs that wait for a thread
  base::Duration queue_timeout = base::limits::kQueueTimeout;
  std::size_t stack_bytes = base::limits::kThreadStack;
  // Of each thread's read buffer: a request's head and what is read ahead of its body have to fit.
  std::size_t buffer_bytes = base::limits::kReadBuffer;
  std::function<std::unique_ptr<Scratch>()> make_scratch;  // called on each new thread
  // Called by the monitor or a thread within a handler; must not wait.
  std::function<void(Notice)> on_notice;
  // What begin_visit() has each thread do; must not wait, and must not throw.
  std::function<void()> on_visit;
};

// Any thread may call it. Threads are made when first needed; those that stay idle end (trim).
class Pool {
 public:
  explicit Pool(PoolOptions options);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  // REQUIRES: stop() returned true, or no thread was started.
  ~Pool();

  // A thread for a loop. Loops come first: a job never takes the last `loops` threads. Null: none
  // left, or the pool stops.
  [[nodiscard]] Worker* reserve_for_loop() noexcept;
  // The same for a thread that leaves its loop to wait for a client: it counts as one of
  // client_waits from now until its task ends. Null: none left, or too many wait.
  [[nodiscard]] Worker* reserve_for_wait() noexcept;
  // Counts a thread that owns no loop as one of client_waits until its task ends. False: too many.
  [[nodiscard]] bool begin_wait() noexcept;
  // Gives back what reserve_for_loop() gave and was not used.
  void unreserve(Worker& worker);
  // Starts `loop` on a reserved worker.
  void drive(Worker& worker, Loop& loop);
  // Whether every loop that is in a handler now could be relieved: no handler that may block is
  // entered otherwise. A hint: what was taken in the last moment may be missing.
  [[nodiscard]] bool has_spares() const noexcept {
    return free_.load(std::memory_order_relaxed) >= std::min(options_.loops, options_.threads);
  }

  // Whether a thread may stay with a connection for a moment though it has no work: nobody waits
  // for one. A hint, too.
  [[nodiscard]] bool has_time() const noexcept {
    return queued_.load(std::memory_order_relaxed) == 0 && has_spares();
  }

  // Runs a held connection's job, at once or when a thread is free that it may have. Called by its
  // loop's driver. kRefused: too many wait; the caller still holds it. What waited for
  // queue_timeout is handed to Connection::reject on its loop's driver. route: outlives the wait;
  // null: the job is of no plugin.
  [[nodiscard]] Submitted submit(Connection& job, JobKind kind, const Learning* route = nullptr);

  // --- for the monitor ---
  // Rejects what has waited for too long; when the next one will have.
  std::optional<base::TimePoint> expire(base::TimePoint now);
  // Ends the threads that were idle ever since the last call, but for as many as there are loops.
  void trim();
  // Whether trim() may have something to do, now or once threads that are busy have ended a task.
  [[nodiscard]] bool may_trim() const;
  void notify(Notice notice) const {
    if (options_.on_notice) options_.on_notice(notice);
  }

  // A worker that ended `task` asks for the next one; `end` once the pool stops. False: it is to be
  // parked.
  [[nodiscard]] bool next_task(Worker& worker, Worker::Task& task);

  // Has every thread call options.on_visit while it has nothing in hand, the parked ones at once;
  // those of a loop do so before they sleep (Loops::synchronize wakes them). The round's number.
  std::uint64_t begin_visit();
  // Whether every thread that is there has made its visit since that round began; the others are
  // inside a handler, or have not come to it yet.
  [[nodiscard]] bool is_visited(std::uint64_t round) const;
  [[nodiscard]] std::uint64_t visits() const noexcept {
    return visits_.load(std::memory_order_seq_cst);
  }

  // Ends parked threads and those that finish their task, until `deadline`; true: all have ended.
  [[nodiscard]] bool stop(const base::Clock& clock, base::TimePoint deadline);

  // The calls that its threads are inside of: see Worker::sight().
  [[nodiscard]] std::vector<CallSight> calls() const;

  [[nodiscard]] const PoolOptions& options() const noexcept { return options_; }
  [[nodiscard]] std::size_t threads() const;
  [[nodiscard]] std::size_t queued() const;
  // Threads that are not parked: they drive a loop, run a job, or a handler whose loop was taken.
  [[nodiscard]] std::size_t at_work() const;
  // Jobs that were begun and have not ended.
  [[nodiscard]] std::size_t running() const;

 private:
  struct Waiting {
    Connection* job;
    const Learning* route;  // null: of no plugin
    base::TimePoint since;  // the loop's time
    [[nodiscard]] bool may_run() const noexcept { return route == nullptr || route->has_room(); }
  };
  using Queue = std::deque<Waiting>;

  [[nodiscard]] Worker* take_worker() BERTH_REQUIRES(mutex_);
  void park(Worker& worker) BERTH_REQUIRES(mutex_);
  [[nodiscard]] std::size_t free_threads() const BERTH_REQUIRES(mutex_);
  void publish_free() BERTH_REQUIRES(mutex_);
  [[nodiscard]] bool job_may_run(JobKind kind) const BERTH_REQUIRES(mutex_);
  // Out of its queue.
  void forget(Queue& queue, Queue::iterator place) BERTH_REQUIRES(mutex_);
  // A task for the worker that was parked last; false: no job may run now.
  [[nodiscard]] bool take_job(Worker::Task& task) BERTH_REQUIRES(mutex_);
  [[nodiscard]] Queue& queue(JobKind kind) BERTH_REQUIRES(mutex_) {
    return queues_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] std::size_t queue_size() const BERTH_REQUIRES(mutex_) {
    return queues_[0].size() + queues_[1].size();
  }

  const PoolOptions options_;
  mutable base::Mutex mutex_;
  std::vector<std::unique_ptr<Worker>> workers_ BERTH_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Worker>> leaving_ BERTH_GUARDED_BY(mutex_);  // trimmed, not joined
  std::vector<Worker*> idle_ BERTH_GUARDED_BY(mutex_);    // the one that was needed last at the end
  std::array<Queue, 2> queues_ BERTH_GUARDED_BY(mutex_);  // by JobKind
  std::size_t running_jobs_ BERTH_GUARDED_BY(mutex_) = 0;
  std::size_t client_waits_ BERTH_GUARDED_BY(mutex_) = 0;  // threads that may wait for a client
  std::size_t least_idle_ BERTH_GUARDED_BY(mutex_) = 0;    // since the last trim()
  std::size_t threads_made_ BERTH_GUARDED_BY(mutex_) = 0;  // for their names
  bool stopping_ BERTH_GUARDED_BY(mutex_) = false;
  // free_threads() and queue_size() as they were last, for who can do with a hint: written under
  // mutex_, relaxed, as nothing is ordered by them.
  std::atomic<std::size_t> free_;
  // Rounds begun. seq_cst, as the parking word is: a worker that parks either sees the round, or is
  // seen as parked and nudged. A visit sees what its round was begun for.
  std::atomic<std::uint64_t> visits_{0};
  std::atomic<std::size_t> queued_{0};
};

}  // namespace berth::sched
