// The server's threads: a bounded set of workers that drive loops or run jobs, and the queue of
// jobs.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/thread_annotations.h"
#include "sched/worker.h"

namespace berth::sched {

struct PoolOptions {
  std::size_t loops = 1;
  std::size_t threads = base::limits::kThreads;  // beside the loops' drivers
  std::size_t client_waits =
      base::limits::kClientWaits;            // of them, that wait for clients at a time
  std::size_t queue = base::limits::kQueue;  // jobs that wait for a thread
  std::size_t stack_bytes = base::limits::kThreadStack;
  // Of each thread's read buffer: a request's head and what is read ahead of its body have to fit.
  std::size_t buffer_bytes = base::limits::kReadBuffer;
  std::function<std::unique_ptr<Scratch>()> make_scratch;  // called on each new thread
};

// Any thread may call it. Threads are made when first needed and kept.
class Pool {
 public:
  explicit Pool(PoolOptions options);
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  // REQUIRES: stop() returned true, or no thread was started.
  ~Pool();

  // A thread for a loop. Loops come first: a job never takes the last `loops` threads. Null: none
  // left.
  [[nodiscard]] Worker* reserve_for_loop() noexcept;
  // The same for a thread that leaves its loop to wait for a client: it counts as one of
  // client_waits from now until its task ends. Null: none left, or too many wait.
  [[nodiscard]] Worker* reserve_for_wait() noexcept;
  // Gives back what reserve_for_loop() gave and was not used.
  void unreserve(Worker& worker);
  // Starts `loop` on a reserved worker.
  void drive(Worker& worker, Loop& loop);

  // Runs a held connection's job, at once or when a thread is free. False: the queue is full; the
  // caller still holds it.
  [[nodiscard]] bool submit(Connection& job);

  // A worker that ended `task` asks for the next one; `end` once the pool stops. False: it is to be
  // parked.
  [[nodiscard]] bool next_task(Worker& worker, Worker::Task& task);

  // Ends parked threads and those that finish their task, until `deadline`; true: all have ended.
  [[nodiscard]] bool stop(const base::Clock& clock, base::TimePoint deadline);

  [[nodiscard]] const PoolOptions& options() const noexcept { return options_; }
  [[nodiscard]] std::size_t threads() const;
  [[nodiscard]] std::size_t queued() const;

 private:
  [[nodiscard]] Worker* take_worker() BERTH_REQUIRES(mutex_);
  [[nodiscard]] std::size_t free_threads() const BERTH_REQUIRES(mutex_);
  [[nodiscard]] bool job_may_run() const BERTH_REQUIRES(mutex_);
  // The next job for the worker that was added to idle_ last; null: none that may run now.
  [[nodiscard]] Connection* take_job() BERTH_REQUIRES(mutex_);

  const PoolOptions options_;
  mutable base::Mutex mutex_;
  std::vector<std::unique_ptr<Worker>> workers_ BERTH_GUARDED_BY(mutex_);
  std::vector<Worker*> idle_ BERTH_GUARDED_BY(mutex_);
  std::deque<Connection*> queue_ BERTH_GUARDED_BY(mutex_);
  std::size_t running_jobs_ BERTH_GUARDED_BY(mutex_) = 0;
  bool stopping_ BERTH_GUARDED_BY(mutex_) = false;
};

}  // namespace berth::sched
