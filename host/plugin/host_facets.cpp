#include "plugin/host_facets.h"

#include <cstdint>
#include <string_view>

#include "plugin/abi_text.h"
#include "plugin/host_table.h"
#include "plugin/task_set.h"
#include "plugin/timer_set.h"

namespace berth::plugin {

namespace {

std::int64_t run(const berth_host* host, berth_str name, TaskSet::Work work, void* self) noexcept {
  if (host == nullptr || !is_valid(name) || name.size == 0 || work == nullptr) {
    return BERTH_E_INVALID;
  }
  return HostTable::of(*host).tasks().run(view(name), work, self);
}

std::int32_t stopping(const berth_task* task) noexcept {
  return task == nullptr ? static_cast<std::int32_t>(BERTH_E_INVALID) : task->set.stopping(*task);
}

std::int32_t wait(berth_task* task, std::int64_t nanoseconds) noexcept {
  return task == nullptr ? static_cast<std::int32_t>(BERTH_E_INVALID)
                         : task->set.wait(*task, nanoseconds);
}

std::int32_t wake(const berth_host* host, std::int64_t task) noexcept {
  return host == nullptr ? static_cast<std::int32_t>(BERTH_E_INVALID)
                         : HostTable::of(*host).tasks().wake(task);
}

std::int32_t end(const berth_host* host, std::int64_t task) noexcept {
  return host == nullptr ? static_cast<std::int32_t>(BERTH_E_INVALID)
                         : HostTable::of(*host).tasks().end(task);
}

std::int64_t set_timer(const berth_host* host, std::int64_t first, std::int64_t period,
                       TimerSet::Call tick, TimerSet::Call release, void* self) noexcept {
  if (host == nullptr || tick == nullptr) return BERTH_E_INVALID;
  return HostTable::of(*host).timers().set(first, period, tick, release, self);
}

std::int32_t cancel_timer(const berth_host* host, std::int64_t timer) noexcept {
  return host == nullptr ? static_cast<std::int32_t>(BERTH_E_INVALID)
                         : HostTable::of(*host).timers().cancel(timer);
}

constexpr berth_tasks kTasks{sizeof(berth_tasks), run, stopping, wait, wake, end};
constexpr berth_timers kTimers{sizeof(berth_timers), set_timer, cancel_timer};

}  // namespace

const void* host_facet(const berth_host*, const char* facet_id) noexcept {
  if (facet_id == nullptr) return nullptr;
  const std::string_view id(facet_id);
  if (id == BERTH_TASKS) return &kTasks;
  if (id == BERTH_TIMERS) return &kTimers;
  return nullptr;
}

}  // namespace berth::plugin
