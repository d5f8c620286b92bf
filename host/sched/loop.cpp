#include "sched/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <utility>

#include "sched/loops.h"
#include "sched/worker.h"

namespace berth::sched {

namespace {

constexpr std::uint32_t kAll = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t kEnd = EPOLLRDHUP | EPOLLET;  // with errors, which epoll always tells

}  // namespace

static_assert(Readiness::kReadable == EPOLLIN && Readiness::kWritable == EPOLLOUT);
static_assert(Readiness::kError == EPOLLERR && Readiness::kHangup == EPOLLHUP);
static_assert(Readiness::kPeerClosed == EPOLLRDHUP);

struct Loop::Events {
  static constexpr int kMost = 256;
  std::array<epoll_event, kMost> batch;
  int count = 0;
  int index = 0;
};

base::Result<std::unique_ptr<Loop>> Loop::open(Loops& loops, std::size_t index,
                                               const base::Clock& clock) {
  base::Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return base::fail(base::system_error(errno, "epoll_create1"));
  base::Descriptor wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake) return base::fail(base::system_error(errno, "eventfd"));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;  // the wake-up itself is the message
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wake.get(), &event) != 0) {
    return base::fail(base::system_error(errno, "epoll_ctl"));
  }
  return std::unique_ptr<Loop>(new Loop(loops, index, clock, std::move(epoll), std::move(wake)));
}

Loop::Loop(Loops& loops, std::size_t index, const base::Clock& clock, base::Descriptor epoll,
           base::Descriptor wake)
    : loops_(loops),
      index_(index),
      clock_(clock),
      epoll_(std::move(epoll)),
      wake_(std::move(wake)),
      events_(std::make_unique<Events>()),
      now_(clock.now()),
      timers_(now_) {}

Loop::~Loop() {
  for (Connection* next = inbox_.take(); next != nullptr;) {
    const std::unique_ptr<Connection> connection(next->adopted_ ? nullptr : next);
    next = Inbox::next(*next);
  }
  for (Connection* connection : ready_) {
    if (connection->closed_) dead_.emplace_back(connection);
  }
  while (first_ != nullptr) {
    std::unique_ptr<Connection> connection(first_);
    first_ = connection->next_;
    timers_.cancel(*connection);
  }
}

base::Status<> Loop::watch_listener(Source& source, int descriptor) noexcept {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLEXCLUSIVE;
  event.data.ptr = &source;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
    return base::fail(base::system_error(errno, "watch a listener"));
  }
  return base::done();
}

void Loop::unwatch(int descriptor) const noexcept {
  epoll_event event{};
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, &event);
}

Connection& Loop::take_over(std::unique_ptr<Connection> connection) noexcept {
  connection->loop_ = this;
  connection_count_.fetch_add(1, std::memory_order_relaxed);
  loops_.count_connection(1);
  return *connection.release();
}

void Loop::enlist(Connection& connection) noexcept {
  connection.adopted_ = true;
  connection.previous_ = nullptr;
  connection.next_ = first_;
  if (first_ != nullptr) first_->previous_ = &connection;
  first_ = &connection;
}

Turn Loop::look_at(Worker& worker, Connection& connection) {
  connection.begun_ = true;
  unwatched_ = &connection;
  if (connection.on_adopted(worker) == Turn::kLost) return Turn::kLost;
  watch_unwatched();
  return Turn::kKept;
}

bool Loop::control(const Connection& connection, int operation,
                   std::uint32_t events) const noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = const_cast<Connection*>(&connection);
  return ::epoll_ctl(epoll_.get(), operation, connection.descriptor(), &event) == 0;
}

void Loop::watch_unwatched() noexcept {
  Connection& connection = *std::exchange(unwatched_, nullptr);
  if (connection.closed_ || connection.forsaken_.load(std::memory_order_seq_cst)) return;
  if (!control(connection, EPOLL_CTL_ADD, kAll)) {
    // ENOMEM or max_user_watches: the client sees it closed.
    if (connection.claim()) {
      close(connection);
    } else {
      connection.shut();
    }
  } else if (connection.forsaken_.load(std::memory_order_seq_cst)) {
    unwatch(connection.descriptor());
  }
}

void Loop::forsake(Connection& connection) const noexcept {
  connection.forsaken_.store(true, std::memory_order_seq_cst);
  unwatch(connection.descriptor());
}

// Where the driver has not watched it yet it does soon, for all: the loop then wakes for nothing.
void Loop::ignore_input(const Connection& connection) const noexcept {
  (void)control(connection, EPOLL_CTL_MOD, kEnd);
}

void Loop::heed_input(const Connection& connection) const noexcept {
  (void)control(connection, EPOLL_CTL_MOD, kAll);
}

Turn Loop::begin(Worker& worker, std::unique_ptr<Connection> connection) {
  Connection& taken = take_over(std::move(connection));
  enlist(taken);
  return look_at(worker, taken);
}

void Loop::adopt(std::unique_ptr<Connection> connection) {
  Connection& taken = take_over(std::move(connection));
  enlist(taken);
  requeue(taken);
}

void Loop::post_new(std::unique_ptr<Connection> connection) {
  post(take_over(std::move(connection)));
}

void Loop::close(Connection& connection) noexcept {
  if (connection.closed_) return;
  connection.closed_ = true;
  // close(2) alone leaves it watched as long as a process that was forked meanwhile, and has not
  // come to its exec(2) yet, holds the same socket (epoll(7), faults.md 62).
  if (&connection != unwatched_) unwatch(connection.descriptor());
  timers_.cancel(connection);
  if (connection.previous_ != nullptr) connection.previous_->next_ = connection.next_;
  if (connection.next_ != nullptr) connection.next_->previous_ = connection.previous_;
  if (first_ == &connection) first_ = connection.next_;
  connection_count_.fetch_sub(1, std::memory_order_relaxed);
  loops_.count_connection(-1);
  if (!connection.queued_) dead_.emplace_back(&connection);
}

void Loop::requeue(Connection& connection) {
  if (connection.queued_ || connection.closed_) return;
  connection.queued_ = true;
  ready_.push_back(&connection);
}

void Loop::wake() noexcept {
  if (sleeping_.load(std::memory_order_seq_cst) != 0 &&
      sleeping_.exchange(0, std::memory_order_seq_cst) != 0) {
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof one);
  }
}

void Loop::post(Connection& connection) noexcept {
  inbox_.push(connection);
  wake();
}

void Loop::post_task(std::function<void(Worker&)> task) {
  {
    const base::MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
    has_tasks_.store(true, std::memory_order_seq_cst);
  }
  wake();
}

void Loop::take_inbox(Worker& worker) {
  for (Connection* next = inbox_.take(); next != nullptr;) {
    Connection& connection = *next;
    next = Inbox::next(connection);
    if (!connection.adopted_) {
      enlist(connection);
      requeue(connection);
      if (draining_ && !connection.closed_) connection.on_drain(worker, hard_);
      continue;
    }
    // The acquire in take() made the holder's work visible; news that came meanwhile is looked at
    // by on_return.
    connection.unhold();
    if (hard_) {
      connection.on_drain(worker, true);
    } else {
      requeue(connection);
    }
  }
}

std::size_t Loop::batch() const noexcept { return static_cast<std::size_t>(events_->count); }

Turn Loop::run_batch(Worker& worker) {
  Events& events = *events_;
  while (events.index < events.count) {
    const epoll_event event = events.batch[static_cast<std::size_t>(events.index++)];
    if (event.data.ptr == nullptr) continue;
    auto& source = *static_cast<Source*>(event.data.ptr);
    if (source.on_event(worker, Readiness{event.events}) == Turn::kLost) return Turn::kLost;
  }
  return Turn::kKept;
}

Turn Loop::run_ready(Worker& worker) {
  // What is queued meanwhile waits for the next turn: nobody starves the others.
  for (std::size_t left = ready_.size(); left > 0; --left) {
    Connection& connection = *ready_.front();
    ready_.pop_front();
    connection.queued_ = false;
    if (connection.closed_) {
      dead_.emplace_back(&connection);
      continue;
    }
    // Queued, then an event came first and handed it to a thread of its own.
    if (!connection.claim()) continue;
    if (connection.begun_) {
      if (connection.on_return(worker) == Turn::kLost) return Turn::kLost;
      continue;
    }
    if (look_at(worker, connection) == Turn::kLost) return Turn::kLost;
  }
  return Turn::kKept;
}

void Loop::run_tasks(Worker& worker) {
  std::vector<std::function<void(Worker&)>> tasks;
  {
    const base::MutexLock lock(mutex_);
    tasks.swap(tasks_);
    has_tasks_.store(false, std::memory_order_relaxed);
  }
  for (const auto& task : tasks) task(worker);
}

void Loop::run_timers(Worker& worker) {
  while (Timer* timer = timers_.pop_due(now_)) static_cast<Source*>(timer)->on_timer(worker);
}

void Loop::bury() noexcept { dead_.clear(); }

void Loop::wait() {
  int timeout_ms = -1;
  if (!ready_.empty()) {
    timeout_ms = 0;
  } else if (const auto next = timers_.until_next(now_)) {
    // Rounded up: waking a moment early would turn once for nothing.
    timeout_ms = static_cast<int>(next->count() / 1'000'000) + 1;
  }
  sleeping_.store(1, std::memory_order_seq_cst);
  if (!inbox_.empty() || has_tasks_.load(std::memory_order_seq_cst)) timeout_ms = 0;
  Events& events = *events_;
  const int count = ::epoll_wait(epoll_.get(), events.batch.data(), Events::kMost, timeout_ms);
  sleeping_.store(0, std::memory_order_seq_cst);           // before the look at the bell
  if (count > 0 || timeout_ms == 0) loops_.bell().ring();  // a timer alone runs no handler
  events.count = count > 0 ? count : 0;
  events.index = 0;
  now_ = clock_.now();
}

void Loop::drive(Worker& worker) {
  driver_.store(worker.thread_id(), std::memory_order_relaxed);
  if (unwatched_ != nullptr) watch_unwatched();
  now_ = clock_.now();  // the driver before may have been inside a handler for long
  for (;;) {
    if (run_batch(worker) == Turn::kLost) return;
    if (!inbox_.looks_empty()) {
      loops_.bell().ring();  // what came after a timer woke the loop may run a handler
      take_inbox(worker);
    }
    if (!ready_.empty() && run_ready(worker) == Turn::kLost) return;
    if (has_tasks_.load(std::memory_order_relaxed)) run_tasks(worker);
    run_timers(worker);
    if (!dead_.empty()) bury();
    if (has_ended()) break;
    worker.rest();
    wait();
    worker.forget_usage();
  }
  loops_.finished();
}

bool Loop::has_ended() const noexcept {
  // The other loops first: one that still accepts may send a connection here. Its count, once seen
  // that all have begun to drain, is seen too.
  return draining_ && loops_.all_draining() && ready_.empty() &&
         connection_count_.load(std::memory_order_relaxed) == 0;
}

void Loop::for_each_connection(const std::function<void(Connection&)>& look) {
  for (Connection* next = first_; next != nullptr;) {
    Connection& connection = *next;
    next = connection.next_;
    look(connection);
  }
}

void Loop::drain(Worker& worker, bool hard) {
  if (!draining_) {
    draining_ = true;
    loops_.began_draining();
  }
  hard_ = hard_ || hard;
  for (Connection* next = first_; next != nullptr;) {
    Connection& connection = *next;
    next = connection.next_;
    if (connection.claim()) {
      connection.on_drain(worker, hard);
    } else if (hard) {
      connection.shut();
    } else {
      connection.on_drain_held();
    }
  }
}

}  // namespace berth::sched
