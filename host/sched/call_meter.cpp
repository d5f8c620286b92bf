#include "sched/call_meter.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <ctime>

namespace berth::sched {

CallMeter::Usage CallMeter::usage_now() noexcept {
  rusage usage{};
  (void)::getrusage(RUSAGE_THREAD, &usage);
  // Its own clock for CPU time: that of rusage is as old as the last tick of the scheduler.
  timespec cpu{};
  (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  return {usage.ru_nvcsw, std::chrono::seconds(cpu.tv_sec) + std::chrono::nanoseconds(cpu.tv_nsec)};
}

void CallMeter::read_usage() noexcept {
  usage_ = usage_now();
  usage_known_ = true;
  cpu_before_ = {};
  slept_before_ = false;
}

void CallMeter::begin_measured(const Learning& route) noexcept {
  if ((route.offloaded() || route.proven()) && ++calls_ % base::limits::kMeasuredCalls != 0) {
    usage_known_ = false;  // the next one would be blamed for this one
  } else if (!usage_known_) {
    read_usage();
  }
}

void CallMeter::pause() noexcept {
  paused_at_ = ticks_.now();
  if (!usage_known_) return;
  const Usage now = usage_now();
  slept_before_ = slept_before_ || now.switches != usage_.switches;
  cpu_before_ = std::max(cpu_before_, now.cpu - usage_.cpu);
}

void CallMeter::resume() noexcept {
  if (usage_known_) usage_ = usage_now();
  began_ += ticks_.now() - paused_at_;  // as if the call had begun later
}

void CallMeter::judge(std::int64_t took) noexcept {
  if (route_->is_off()) return;
  if (route_ == &nobodys_) {
    usage_known_ = false;
    return;
  }
  if (took < slow_) {
    change_ = route_->record({});
    return;
  }
  const bool held = took >= held_;
  if (!usage_known_) {
    if (held) route_->acquit();
    if (route_->settled()) route_->doubt();
    if (held && !route_->offloaded()) calls_ = base::limits::kMeasuredCalls - 1;
    return;
  }
  const Usage now = usage_now();
  const bool slept = slept_before_ || now.switches != usage_.switches;
  const base::Duration wall = ticks_.duration(took);
  const base::Duration cpu = std::min(wall, std::max(cpu_before_, now.cpu - usage_.cpu));
  base::Duration blocked{};
  if (slept) {
    blocked = wall;
  } else if (cpu >= base::limits::kCpuCounts) {
    blocked = cpu;
  }
  usage_ = now;
  cpu_before_ = {};
  slept_before_ = false;
  if (held && blocked == base::Duration(0)) route_->acquit();
  change_ = route_->record(blocked);
}

}  // namespace berth::sched
