#include "sched/pool.h"

#include <Poco/Exception.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "sched/loop.h"
#include "sched/source.h"

namespace berth::sched {

Pool::Pool(PoolOptions options)
    : options_(std::move(options)), free_(options_.loops + options_.threads) {}

Pool::~Pool() = default;

std::size_t Pool::free_threads() const {
  return idle_.size() + (options_.loops + options_.threads - workers_.size());
}

void Pool::publish_free() { free_.store(free_threads(), std::memory_order_relaxed); }

bool Pool::job_may_run(JobKind kind) const {
  // The last threads are the loops': a handler that blocks must always find a new driver for its
  // loop. Once the pool stops no loop will ask any more, and what is queued has to end.
  const std::size_t reserve = stopping_ ? 0 : std::min(options_.loops, options_.threads - 1);
  if (free_threads() <= reserve) return false;
  return kind == JobKind::kForWork || client_waits_ < options_.client_waits;
}

void Pool::park(Worker& worker) {
  idle_.push_back(&worker);
  publish_free();
}

Worker* Pool::take_worker() {
  if (stopping_) return nullptr;
  if (!idle_.empty()) {
    Worker* const worker = idle_.back();
    idle_.pop_back();
    least_idle_ = std::min(least_idle_, idle_.size());
    publish_free();
    return worker;
  }
  if (workers_.size() >= options_.loops + options_.threads) return nullptr;
  try {
    const std::string name = "berth-" + std::to_string(threads_made_++);
    workers_.push_back(std::make_unique<Worker>(*this, name, options_.stack_bytes));
  } catch (const Poco::Exception&) {
    return nullptr;  // EAGAIN: the system has no thread for us (faults.md 39); those we have go on
  }
  publish_free();
  return workers_.back().get();
}

Worker* Pool::reserve_for_loop() noexcept {
  const base::MutexLock lock(mutex_);
  return take_worker();
}

Worker* Pool::reserve_for_wait() noexcept {
  const base::MutexLock lock(mutex_);
  if (client_waits_ >= options_.client_waits) return nullptr;
  Worker* const worker = take_worker();
  if (worker != nullptr) ++client_waits_;
  return worker;
}

bool Pool::begin_wait() noexcept {
  const base::MutexLock lock(mutex_);
  if (client_waits_ >= options_.client_waits) return false;
  ++client_waits_;
  return true;
}

void Pool::unreserve(Worker& worker) {
  Worker::Task task;
  {
    const base::MutexLock lock(mutex_);
    park(worker);
    if (stopping_) {  // stop() has not seen it among the parked
      idle_.pop_back();
      task.end = true;
    } else if (!take_job(task)) {  // one may have been queued because this worker was kept
      return;
    }
  }
  worker.assign(task);
}

void Pool::forget(Queue& queue, Queue::iterator place) {
  if (place->route != nullptr && place->route->share()) --place->route->share()->queued_;
  queue.erase(place);
}

bool Pool::take_job(Worker::Task& task) {
  const JobKind kinds[] = {JobKind::kForClient, JobKind::kForWork};
  Queue* from = nullptr;
  Queue::iterator oldest;
  for (const JobKind kind : kinds) {
    Queue& waiting = queue(kind);
    if (waiting.empty() || !job_may_run(kind)) continue;
    // Those behind one that waits for its own plugin come first.
    const auto next = std::find_if(waiting.begin(), waiting.end(),
                                   [](const Waiting& entry) { return entry.may_run(); });
    if (next == waiting.end()) continue;
    if (from != nullptr && oldest->since <= next->since) continue;
    from = &waiting;
    oldest = next;
  }
  if (from == nullptr) return false;
  idle_.pop_back();
  least_idle_ = std::min(least_idle_, idle_.size());
  publish_free();
  const bool waits = from == &queue(JobKind::kForClient);
  task = {.job = oldest->job, .waits = waits};
  if (oldest->route != nullptr) task.share = oldest->route->share();
  forget(*from, oldest);
  if (task.share) task.share->enter();
  queued_.store(queue_size(), std::memory_order_relaxed);
  ++running_jobs_;
  if (waits) ++client_waits_;
  return true;
}

void Pool::drive(Worker& worker, Loop& loop) { worker.assign({.loop = &loop}); }

Submitted Pool::submit(Connection& job, JobKind kind, const Learning* route) {
  const bool waits = kind == JobKind::kForClient;
  Worker* worker = nullptr;
  std::shared_ptr<Share> share;
  if (route != nullptr) share = route->share();
  {
    const base::MutexLock lock(mutex_);
    const bool has_room = route == nullptr || route->has_room();
    const bool may_run = has_room && job_may_run(kind);
    if (may_run) worker = take_worker();
    if (worker == nullptr) {
      // Nobody would ever fetch it where no job runs and the system gives no thread.
      if (queue_size() >= options_.queue || (may_run && running_jobs_ == 0)) {
        return Submitted::kRefused;
      }
      // One plugin leaves room for the others there, too.
      if (!has_room && share->queued_ >= options_.queue / 2) return Submitted::kRefused;
      queue(kind).push_back({&job, route, job.loop().now()});
      if (share) ++share->queued_;
      queued_.store(queue_size(), std::memory_order_relaxed);
      return has_room ? Submitted::kTaken : Submitted::kWaits;
    }
    ++running_jobs_;
    if (waits) ++client_waits_;
    if (share) share->enter();
  }
  worker->assign({.job = &job, .share = std::move(share), .waits = waits});
  return Submitted::kTaken;
}

std::optional<base::TimePoint> Pool::expire(base::TimePoint now) {
  if (queued_.load(std::memory_order_relaxed) == 0) return std::nullopt;
  std::optional<base::TimePoint> next;
  std::vector<Connection*> late;
  {
    const base::MutexLock lock(mutex_);
    for (Queue& waiting : queues_) {
      while (!waiting.empty() && waiting.front().since + options_.queue_timeout <= now) {
        late.push_back(waiting.front().job);
        forget(waiting, waiting.begin());
      }
      if (waiting.empty()) continue;
      const base::TimePoint due = waiting.front().since + options_.queue_timeout;
      next = next ? std::min(*next, due) : due;
    }
    queued_.store(queue_size(), std::memory_order_relaxed);
  }
  for (Connection* job : late) {
    job->loop().post_task([job](Worker& driver) { job->reject(driver); });
  }
  return next;
}

void Pool::trim() {
  std::vector<std::unique_ptr<Worker>> ended;  // a period ago: joining them does not wait
  std::vector<Worker*> surplus;
  {
    const base::MutexLock lock(mutex_);
    if (stopping_) return;  // stop() joins those that leave
    ended.swap(leaving_);
    while (least_idle_ > options_.loops) {
      Worker* const worker = idle_.front();
      idle_.erase(idle_.begin());
      --least_idle_;
      const auto place =
          std::find_if(workers_.begin(), workers_.end(),
                       [worker](const auto& owned) { return owned.get() == worker; });
      leaving_.push_back(std::move(*place));
      workers_.erase(place);
      surplus.push_back(worker);
    }
    least_idle_ = idle_.size();
    publish_free();
  }
  for (Worker* worker : surplus) worker->assign({.end = true});
  for (auto& worker : ended) {
    if (worker->try_join(0)) worker.reset();
  }
  std::erase(ended, nullptr);
  if (ended.empty()) return;
  const base::MutexLock lock(mutex_);
  for (auto& worker : ended) leaving_.push_back(std::move(worker));
}

bool Pool::may_trim() const {
  const base::MutexLock lock(mutex_);
  return workers_.size() > 2 * options_.loops || !leaving_.empty();
}

bool Pool::next_task(Worker& worker, Worker::Task& task) {
  const base::MutexLock lock(mutex_);
  if (task.job != nullptr) --running_jobs_;
  if (task.waits) --client_waits_;
  if (task.share) task.share->leave();
  task.share.reset();
  park(worker);  // as a free thread it counts for job_may_run
  if (take_job(task)) return true;
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
    for (const auto& worker : leaving_) all.push_back(worker.get());
  }
  for (Worker* worker : parked) worker->assign({.end = true});
  bool all_ended = true;
  for (Worker* worker : all) {  // whoever has ended is joined, also behind one that has not
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - clock.now());
    if (!worker->try_join(std::max<long>(left.count(), 1))) all_ended = false;
  }
  return all_ended;
}

std::size_t Pool::threads() const {
  const base::MutexLock lock(mutex_);
  return workers_.size();
}

std::size_t Pool::queued() const {
  const base::MutexLock lock(mutex_);
  return queue_size();
}

std::size_t Pool::at_work() const {
  const base::MutexLock lock(mutex_);
  return workers_.size() - idle_.size();
}

std::vector<CallSight> Pool::calls() const {
  std::vector<CallSight> calls;
  const base::MutexLock lock(mutex_);
  for (const auto& worker : workers_) {
    if (const auto sight = worker->sight()) calls.push_back(*sight);
  }
  return calls;
}

std::size_t Pool::running() const {
  const base::MutexLock lock(mutex_);
  return running_jobs_;
}

std::uint64_t Pool::begin_visit() {
  const base::MutexLock lock(mutex_);
  const std::uint64_t round = visits_.fetch_add(1, std::memory_order_seq_cst) + 1;
  for (const auto& worker : workers_) worker->nudge();
  return round;
}

bool Pool::is_visited(std::uint64_t round) const {
  const base::MutexLock lock(mutex_);
  const auto visited = [round](const std::unique_ptr<Worker>& worker) {
    return worker->visited() >= round;
  };
  return std::all_of(workers_.begin(), workers_.end(), visited);
}

}  // namespace berth::sched
