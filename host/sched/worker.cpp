#include "sched/worker.h"

#include <pthread.h>
#include <unistd.h>

#include <cassert>
#include <exception>
#include <utility>

#include "base/alternate_stack.h"
#include "base/futex.h"
#include "base/running_code.h"
#include "sched/loop.h"
#include "sched/pool.h"
#include "sched/source.h"

namespace berth::sched {

Worker::Worker(Pool& pool, std::string name, std::size_t stack_bytes)
    : pool_(pool),
      name_(std::move(name)),
      buffer_bytes_(pool.options().buffer_bytes),
      visited_(pool.visits()),
      thread_(name_) {
  thread_.setStackSize(static_cast<int>(stack_bytes));
  // It may be a handler that needed one more thread.
  const base::OwnCode own;
  thread_.start(*this);
}

Worker::~Worker() {
  if (!joined_ && thread_.isRunning()) thread_.join();
}

void Worker::run() {
  const base::AlternateStack faults;  // of the handlers it will call
  thread_id_.store(::gettid(), std::memory_order_relaxed);
  (void)::pthread_setname_np(::pthread_self(), name_.c_str());
  buffer_ = std::make_unique<char[]>(buffer_bytes_);
  if (pool_.options().make_scratch) scratch_ = pool_.options().make_scratch();
  for (Task task = await_task(); !task.end;) {
    meter_.forget_usage();
    if (task.loop != nullptr) {
      loop_ = task.loop;
      task.loop->drive(*this);
      loop_ = nullptr;
    } else {
      waits_ = task.waits;
      task.job->run(*this);
    }
    task.waits = std::exchange(waits_, false);
    rest();
    if (!pool_.next_task(*this, task)) task = await_task();
  }
}

void Worker::rest() noexcept {
  if (scratch_) scratch_->rest();
  const std::uint64_t round = pool_.visits();
  if (round == visited_.load(std::memory_order_relaxed)) [[likely]]
    return;
  if (pool_.options().on_visit) pool_.options().on_visit();
  visited_.store(round, std::memory_order_release);
}

std::optional<CallSight> Worker::sight() const noexcept {
  const std::uint64_t call = call_.load(std::memory_order_acquire);
  const base::Duration timeout = call_timeout_.load(std::memory_order_relaxed);
  if (call % 2 == 0 || timeout == base::Duration::max()) return std::nullopt;
  return CallSight{.worker = this,
                   .thread = thread_id(),
                   .call = call,
                   .progress = progress_.load(std::memory_order_relaxed),
                   .timeout = timeout};
}

Worker::Task Worker::await_task() noexcept {
  // Not std::atomic::wait, which yields a few times first: on a busy core each is a switch.
  std::uint32_t signal = kNone;
  if (signal_.compare_exchange_strong(signal, kParked, std::memory_order_seq_cst)) {
    // Between the rest before and the parking a round may have begun that took it for awake.
    rest();
    while ((signal = signal_.load(std::memory_order_acquire)) != kAssigned) {
      if (signal == kParked) base::futex_wait(signal_, kParked, base::Duration::max());
      signal = kNudged;
      if (signal_.compare_exchange_strong(signal, kParked, std::memory_order_seq_cst)) rest();
    }
  }
  // The next assign() comes only after this worker is parked again.
  signal_.store(kNone, std::memory_order_relaxed);
  return std::exchange(task_, Task{});
}

void Worker::assign(Task task) {
  task_ = std::move(task);
  if (signal_.exchange(kAssigned, std::memory_order_release) == kParked) base::futex_wake(signal_);
}

void Worker::nudge() noexcept {
  std::uint32_t signal = kParked;
  if (signal_.compare_exchange_strong(signal, kNudged, std::memory_order_seq_cst)) {
    base::futex_wake(signal_);
  }
}

bool Worker::try_join(long milliseconds) {
  joined_ = joined_ || thread_.tryJoin(milliseconds);  // a second join would throw
  return joined_;
}

bool Worker::can_be_relieved() const noexcept { return pool_.has_spares(); }

bool Worker::begin_client_wait() noexcept {
  // First: finding a new driver for the loop is not the route's doing either.
  meter_.pause();
  if (release_loop()) return true;
  meter_.resume();
  return false;
}

bool Worker::release_loop() noexcept {
  if (loop_ != nullptr && loop_->owner().load() != token_) {
    loop_ = nullptr;  // the monitor was first
    taken_ = true;
  }
  if (loop_ == nullptr) {
    waits_ = waits_ || pool_.begin_wait();
    return waits_;
  }
  // The spare first: a loop is never without a driver.
  Worker* const spare = pool_.reserve_for_wait();
  if (spare == nullptr) return false;
  waits_ = true;
  if (loop_->owner().steal(token_)) {
    pool_.drive(*spare, *loop_);
    pool_.notify(Notice::kLoopReleased);
  } else {
    pool_.unreserve(*spare);
    taken_ = true;
  }
  loop_ = nullptr;
  return true;
}

void Worker::end_taken() noexcept {
  taken_ = false;
  if (route_->share()) route_->share()->leave();
}

}  // namespace berth::sched
