// The facets of the host inside a Recorder, in front of its Background. Not for use by tests but
// through Recorder.
#pragma once

#include <berth/abi.h>
#include <berth/testing/background.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace berth::testing::facets {

// Host: a struct that begins with the berth_host its plugin got, and has a `background`.
template <class Host>
Background& background_of(const berth_host* table) {
  return reinterpret_cast<Host*>(const_cast<berth_host*>(table))->background;
}

// What host_facet answers.
template <class Host>
const void* find_of_host(std::string_view id) {
  static constexpr berth_tasks kTasks{
      sizeof(berth_tasks),
      [](const berth_host* host, berth_str name, Background::Work work, void* self) {
        return background_of<Host>(host).run({name.data, name.size}, work, self);
      },
      &Background::stopping,
      &Background::wait,
      [](const berth_host* host, std::int64_t task) {
        return background_of<Host>(host).wake(task);
      },
      [](const berth_host* host, std::int64_t task) {
        return background_of<Host>(host).end(task);
      }};
  static constexpr berth_timers kTimers{
      sizeof(berth_timers),
      [](const berth_host* host, std::int64_t first, std::int64_t period, Background::Call tick,
         Background::Call release,
         void* self) { return background_of<Host>(host).set(first, period, tick, release, self); },
      [](const berth_host* host, std::int64_t timer) {
        return background_of<Host>(host).cancel(timer);
      }};
  if (id == BERTH_TASKS) return &kTasks;
  if (id == BERTH_TIMERS) return &kTimers;
  return nullptr;
}

}  // namespace berth::testing::facets
