#include "sched/loops.h"

#include <Poco/Exception.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "sched/worker.h"

namespace berth::sched {

base::Status<> Loops::open() {
  for (std::size_t i = 0; i < pool_.options().loops; ++i) {
    auto loop = Loop::open(*this, i, clock_);
    if (!loop) return base::fail(std::move(loop).error());
    loops_.push_back(std::move(loop).value());
  }
  return base::done();
}

base::Status<> Loops::start() {
  // All threads first: a server that is half started could not be taken down again.
  std::vector<Worker*> workers;
  while (workers.size() < loops_.size()) {
    Worker* const worker = pool_.reserve_for_loop();
    if (worker == nullptr) {
      for (Worker* reserved : workers) pool_.unreserve(*reserved);
      return base::fail(base::ErrorCode::kExhausted, "cannot start a thread for each loop");
    }
    workers.push_back(worker);
  }
  try {
    monitor_ = std::make_unique<Monitor>(loops_, pool_, bell_, clock_);
    monitor_->start();
  } catch (const Poco::Exception& error) {
    for (Worker* reserved : workers) pool_.unreserve(*reserved);
    return base::fail(base::ErrorCode::kExhausted,
                      "cannot start the monitor's thread: " + error.displayText());
  }
  {
    const std::lock_guard lock(mutex_);
    running_ = loops_.size();
  }
  started_.store(loops_.size(), std::memory_order_relaxed);
  for (std::size_t i = 0; i < loops_.size(); ++i) pool_.drive(*workers[i], *loops_[i]);
  return base::done();
}

Loop& Loops::choose(Loop& accepting) noexcept {
  Loop* best = &accepting;
  for (const auto& loop : loops_) {
    // Two fewer at least: moving a connection costs a wake-up.
    if (loop->connections() + 1 < best->connections()) best = loop.get();
  }
  return *best;
}

void Loops::drain(bool hard) {
  for (const auto& loop : loops_) {
    Loop* const target = loop.get();
    target->post_task([target, hard](Worker& worker) { target->drain(worker, hard); });
  }
}

namespace {

// How many loops have still to run a task.
struct Round {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t left = 0;
};

}  // namespace

bool Loops::run_on_each(std::function<void(Loop&)> task, base::TimePoint deadline) {
  if (driven() == 0) return false;
  const auto round = std::make_shared<Round>();
  round->left = loops_.size();
  for (const auto& loop : loops_) {
    Loop* const target = loop.get();
    target->post_task([target, task, round](Worker&) {
      task(*target);
      const std::lock_guard lock(round->mutex);
      if (--round->left == 0) round->changed.notify_all();
    });
  }
  std::unique_lock lock(round->mutex);
  return round->changed.wait_until(lock, deadline, [&round] { return round->left == 0; });
}

bool Loops::synchronize(base::TimePoint deadline) {
  // Twice: the first task may come between a look at the inbox and a post that was before the call.
  for (int round = 0; round < 2; ++round) {
    if (!run_on_each([](Loop&) {}, deadline)) return false;
  }
  monitor_->synchronize();
  return true;
}

std::size_t Loops::driven() const {
  const std::lock_guard lock(mutex_);
  return running_;
}

std::size_t Loops::inside_handlers() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      loops_.begin(), loops_.end(),
      [](const std::unique_ptr<Loop>& loop) { return OwnerWord::inside(loop->owner().load()); }));
}

bool Loops::wait_drained(base::TimePoint deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline, [this] { return running_ == 0; });
}

void Loops::began_draining() {
  draining_.fetch_add(1, std::memory_order_acq_rel);
  if (!all_draining()) return;
  // The others may sleep, with nothing left but to hear this.
  for (const auto& loop : loops_) loop->post_task([](Worker&) {});
}

void Loops::finished() {
  const std::lock_guard lock(mutex_);
  --running_;
  changed_.notify_all();
}

}  // namespace berth::sched
