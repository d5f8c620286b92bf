#include "plugin/task_set.h"

#include <Poco/Thread.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <thread>
#include <utility>

#include "base/alternate_stack.h"
#include "base/limits.h"
#include "plugin/call_scope.h"
#include "plugin/contained_call.h"
#include "plugin/host_table.h"

struct berth_task::Thread {
  Poco::Thread handle;
  std::thread::id id;  // once it runs
};

berth_task::berth_task(berth::plugin::TaskSet& owner, std::int64_t its_number, std::string its_name,
                       berth::base::TimePoint now, berth::plugin::TaskSet::Work its_work,
                       void* its_self)
    : set(owner),
      number(its_number),
      name(std::move(its_name)),
      since(now),
      work(its_work),
      self(its_self),
      thread(std::make_unique<Thread>()) {}

berth_task::~berth_task() = default;

namespace berth::plugin {

namespace {

namespace limits = base::limits;
using namespace std::chrono_literals;

// So that no sum of now and a timeout overflows, whoever adds them.
constexpr base::Duration kLongestSleep = 1h;

// Of no plugin.
constexpr CallSite kHost{};

// What the kernel keeps of a thread's name (pthread_setname_np(3)).
constexpr std::size_t kThreadName = 15;

void name_this_thread(const std::string& name) noexcept {
  std::array<char, kThreadName + 1> text{};
  name.copy(text.data(), kThreadName);
  (void)::pthread_setname_np(::pthread_self(), text.data());
}

}  // namespace

TaskSet::TaskSet(const HostTable& host, const base::Clock& clock) noexcept
    : host_(host), clock_(clock) {}

TaskSet::~TaskSet() { stop(base::TimePoint::max()); }

void TaskSet::open() noexcept {
  const std::lock_guard lock(mutex_);
  open_ = true;
}

std::vector<TaskInfo> TaskSet::stop(base::TimePoint deadline) {
  {
    std::unique_lock lock(mutex_);
    open_ = false;
    for (const auto& [number, task] : tasks_) {
      task->told = true;
      task->changed.notify_all();
    }
    while (alive() > 0 || joining_ > 0) {
      const base::TimePoint now = clock_.now();
      if (now >= deadline) break;
      ended_.wait_for(lock, std::min(kLongestSleep, deadline - now));
    }
    reap(lock);
  }
  return running();
}

std::vector<TaskInfo> TaskSet::running() const {
  const std::lock_guard lock(mutex_);
  const base::TimePoint now = clock_.now();
  std::vector<TaskInfo> running;
  for (const auto& [number, task] : tasks_) {
    if (!task->ended) running.push_back({task->name, now - task->since});
  }
  return running;
}

std::int64_t TaskSet::run(std::string_view name, Work work, void* self) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (!open_) return BERTH_E_STATE;
    if (alive() >= limits::kTasks) return BERTH_E_TOO_LARGE;
    auto task =
        std::make_shared<berth_task>(*this, last_ + 1, std::string(name), clock_.now(), work, self);
    berth_task* const driven = task.get();  // reap() joins the thread before it lets go of the task
    const auto place = tasks_.emplace(driven->number, std::move(task)).first;
    try {
      // The host's thread, although a plugin asks for it: not one that the image has started.
      const CallScope outside{kHost};
      driven->thread->handle.setStackSize(static_cast<int>(limits::kThreadStack));
      driven->thread->handle.startFunc([driven] { driven->set.drive(*driven); });
    } catch (...) {
      tasks_.erase(place);
      throw;
    }
    return ++last_;
  } catch (const std::exception& error) {
    const std::array<LogPair, 2> pairs{{{"task", name}, {"why", error.what()}}};
    host_.log(LogLevel::kError, "no thread for a background task", pairs);
    return BERTH_E_FAILED;
  }
}

void TaskSet::drive(berth_task& task) noexcept {
  name_this_thread(task.name);
  const base::AlternateStack faults;
  {
    const std::lock_guard lock(mutex_);
    task.thread->id = std::this_thread::get_id();
  }
  try {
    const CallScope inside(host_.image() == nullptr ? kHost : host_.image()->site());
    task.work(task.self, &task);
  } catch (...) {  // a plugin without the SDK's guard
    log_exception("a background task", host_);
  }
  std::unique_lock lock(mutex_);
  reap(lock);  // those before it, so that they do not pile up
  task.ended = true;
  ended_.notify_all();
}

std::int32_t TaskSet::stopping(const berth_task& task) const noexcept {
  const std::lock_guard lock(mutex_);
  return task.told ? 1 : 0;
}

std::int32_t TaskSet::wait(berth_task& task, std::int64_t nanoseconds) noexcept {
  std::unique_lock lock(mutex_);
  const bool for_ever = nanoseconds < 0;
  const base::TimePoint begin = clock_.now();
  const base::Duration whole(std::max<std::int64_t>(nanoseconds, 0));
  while (!task.told && !task.woken) {
    const base::Duration passed = clock_.now() - begin;
    if (!for_ever && passed >= whole) break;
    const base::Duration left = for_ever ? kLongestSleep : whole - passed;
    task.changed.wait_for(lock, std::min(kLongestSleep, left));
  }
  task.woken = false;
  return task.told ? 1 : 0;
}

std::int32_t TaskSet::wake(std::int64_t number) noexcept {
  const std::lock_guard lock(mutex_);
  if (number <= 0 || number > last_) return BERTH_E_INVALID;
  const std::shared_ptr<berth_task> task = find(number);
  if (task == nullptr) return BERTH_OK;
  task->woken = true;
  task->changed.notify_all();
  return BERTH_OK;
}

std::int32_t TaskSet::end(std::int64_t number) noexcept {
  std::unique_lock lock(mutex_);
  if (number <= 0 || number > last_) return BERTH_E_INVALID;
  const std::shared_ptr<berth_task> task = find(number);
  if (task == nullptr) return BERTH_OK;
  task->told = true;
  task->changed.notify_all();
  if (task->thread->id == std::this_thread::get_id()) return BERTH_OK;
  ended_.wait(lock, [&] { return task->ended; });
  return BERTH_OK;
}

void TaskSet::reap(std::unique_lock<std::mutex>& lock) noexcept {
  Tasks gone;
  for (auto at = tasks_.begin(); at != tasks_.end();) {
    const auto next = std::next(at);
    if (at->second->ended) gone.insert(tasks_.extract(at));
    at = next;
  }
  if (gone.empty()) return;
  joining_ += gone.size();
  lock.unlock();
  for (const auto& [number, task] : gone) task->thread->handle.join();
  lock.lock();
  joining_ -= gone.size();
  ended_.notify_all();
}

std::size_t TaskSet::alive() const noexcept {
  return static_cast<std::size_t>(std::count_if(
      tasks_.begin(), tasks_.end(), [](const auto& entry) { return !entry.second->ended; }));
}

std::shared_ptr<berth_task> TaskSet::find(std::int64_t number) const noexcept {
  const auto found = tasks_.find(number);
  return found == tasks_.end() ? nullptr : found->second;
}

}  // namespace berth::plugin
