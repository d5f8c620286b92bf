// Measures for one thread how long each handler call blocks, at two counter reads a call. Waiting
// for clients is left out. What it finds goes to the route's Learning.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/limits.h"
#include "base/tick_clock.h"
#include "sched/learning.h"

namespace berth::sched {

// A call counts for its wall time if its own voluntary context switches rose (it slept), for its
// CPU time at a stretch from kCpuCounts on, else for nothing: a thread that was only preempted has
// not blocked.
// The kernel is asked only where that may matter:
//
//   every call           two reads of the TickClock, one of the route's word
//   of a settled route   nothing more, until one takes kSlowCall (20 us): the route is then doubted
//   of an offloaded or   for one call in kMeasuredCalls (8) what follows; slow ones between them
//   a proven route       are not recorded, but what kept its loop for long makes it the next one
//   of any other         the thread's usage once per batch of events, and after each slow call
//
// Its own thread's alone.
class CallMeter {
 public:
  CallMeter() noexcept
      : ticks_(base::TickClock::system()),
        slow_(ticks_.ticks(base::limits::kSlowCall)),
        held_(ticks_.ticks(base::limits::kAlertStealAfter / 2)) {}
  CallMeter(const CallMeter&) = delete;
  CallMeter& operator=(const CallMeter&) = delete;
  ~CallMeter() = default;

  // Around one call. The route outlives it.
  void begin(Learning& route) noexcept {
    route_ = &route;
    settled_ = route.settled();
    if (!settled_) [[unlikely]]
      begin_measured(route);
    began_ = ticks_.now();
  }
  void end() noexcept {
    const std::int64_t took = ticks_.now() - began_;
    if (settled_ && took < slow_) [[likely]]
      return;
    judge(took);
  }
  // Within a call: around a wait for the client.
  void pause() noexcept;
  void resume() noexcept;

  // Within a call: whatever it does, nothing is learnt from it.
  void disregard() noexcept {
    route_ = &nobodys_;
    settled_ = false;
  }

  // The thread has slept, or may have, outside of any call.
  void forget_usage() noexcept { usage_known_ = false; }

  // What the last call changed for its route; told once.
  [[nodiscard]] Learning::Change take_change() noexcept {
    const Learning::Change change = change_;
    if (change != Learning::Change::kNone) [[unlikely]]
      change_ = Learning::Change::kNone;
    return change;
  }

 private:
  struct Usage {
    long switches;  // voluntary
    base::Duration cpu;
  };

  [[nodiscard]] static Usage usage_now() noexcept;
  void begin_measured(const Learning& route) noexcept;
  void read_usage() noexcept;
  void judge(std::int64_t took) noexcept;

  const base::TickClock ticks_;
  const std::int64_t slow_;  // kSlowCall in ticks
  const std::int64_t held_;  // less than what the monitor may distrust a route for
  Learning* route_ = nullptr;
  Learning nobodys_;      // never settled
  bool settled_ = false;  // the route, when the call began
  std::int64_t began_ = 0;
  std::int64_t paused_at_ = 0;
  Usage usage_{};  // at the beginning of the call or before, without a wait in between
  base::Duration cpu_before_{};  // the most this call used without a wait for the client
  bool usage_known_ = false;
  unsigned calls_ = 0;         // of routes that are measured now and then
  bool slept_before_ = false;  // the same for its voluntary switches
  Learning::Change change_ = Learning::Change::kNone;
};

}  // namespace berth::sched
