#include "sched/pool.h"

#include <Poco/Exception.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "sched/source.h"

namespace berth::sched {

Pool::Pool(PoolOptions options) : options_(std::move(options)) {}

Pool::~Pool() = default;

std::size_t Pool::free_threads() const {
  return idle_.size() + (options_.loops + options_.threads - workers_.size());
}

bool Pool::job_may_run() const {
  // The last threads are the loops': a handler that is about to wait must always find a new driver.
  // Once it stops no loop will ask any more, and what is queued has to end.
  const std::size_t reserve = stopping_ ? 0 : std::min(options_.loops, options_.threads - 1);
  return free_threads() > reserve && running_jobs_ < options_.client_waits;
}

Worker* Pool::take_worker() {
  if (!idle_.empty()) {
    Worker* const worker = idle_.back();
    idle_.pop_back();
    return worker;
  }
  if (workers_.size() >= options_.loops + options_.threads) return nullptr;
  try {
    const std::string name = "berth-" + std::to_string(workers_.size());
    workers_.push_back(std::make_unique<Worker>(*this, name, options_.stack_bytes));
  } catch (const Poco::Exception&) {
    return nullptr;  // EAGAIN: the system has no thread for us (faults.md 39); those we have go on
  }
  return workers_.back().get();
}

Worker* Pool::reserve_for_loop() noexcept {
  const base::MutexLock lock(mutex_);
  return take_worker();
}

Worker* Pool::reserve_for_wait() noexcept {
  const base::MutexLock lock(mutex_);
  if (running_jobs_ >= options_.client_waits) return nullptr;
  Worker* const worker = take_worker();
  if (worker != nullptr) ++running_jobs_;
  return worker;
}

void Pool::unreserve(Worker& worker) {
  Connection* job = nullptr;
  {
    const base::MutexLock lock(mutex_);
    idle_.push_back(&worker);
    job = take_job();  // one may have been queued because this worker was kept
  }
  if (job != nullptr) worker.assign({.job = job});
}

Connection* Pool::take_job() {
  if (queue_.empty() || !job_may_run()) return nullptr;
  idle_.pop_back();
  Connection* const job = queue_.front();
  queue_.pop_front();
  ++running_jobs_;
  return job;
}

void Pool::drive(Worker& worker, Loop& loop) { worker.assign({.loop = &loop}); }

bool Pool::submit(Connection& job) {
  Worker* worker = nullptr;
  {
    const base::MutexLock lock(mutex_);
    const bool may_run = job_may_run();
    if (may_run) worker = take_worker();
    if (worker == nullptr) {
      // Nobody would ever fetch it where no job runs and the system gives no thread.
      if (queue_.size() >= options_.queue || (may_run && running_jobs_ == 0)) return false;
      queue_.push_back(&job);
      return true;
    }
    ++running_jobs_;
  }
  worker->assign({.job = &job});
  return true;
}

bool Pool::next_task(Worker& worker, Worker::Task& task) {
  const base::MutexLock lock(mutex_);
  if (task.job != nullptr || task.waited) --running_jobs_;
  idle_.push_back(&worker);  // as a free thread it counts for job_may_run
  if (Connection* const job = take_job()) {
    task = Worker::Task{.job = job};
    return true;
  }
  if (stopping_) {
    idle_.pop_back();
    task = Worker::Task{.end = true};
    return true;
  }
  return false;
}

bool Pool::stop(const base::Clock& clock, base::TimePoint deadline) {
  std::vector<Worker*> parked;
  std::vector<Worker*> all;
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
    parked.swap(idle_);
    for (const auto& worker : workers_) all.push_back(worker.get());
  }
  for (Worker* worker : parked) worker->assign({.end = true});
  for (Worker* worker : all) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.now());
    if (!worker->try_join(std::max<long>(left.count(), 1))) return false;
  }
  return true;
}

std::size_t Pool::threads() const {
  const base::MutexLock lock(mutex_);
  return workers_.size();
}

std::size_t Pool::queued() const {
  const base::MutexLock lock(mutex_);
  return queue_.size();
}

}  // namespace berth::sched
