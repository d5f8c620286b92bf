// Finds the calls of handlers that last for too long, by looking at all of them now and then. It
// asks no thread and tells nobody.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "sched/worker.h"

namespace berth::sched {

// One thread. Times are those of looks: a call is as old as the first look that saw it, and so up
// to one look older than it is told to be.
class CallWatch {
 public:
  struct Late {
    CallSight call;
    base::Duration age{};
    base::Duration cpu{};  // that its thread has used in this time
  };
  // cpu_time: what a thread has used since it began; zero: not known.
  explicit CallWatch(std::function<base::Duration(pid_t)> cpu_time = thread_cpu_time)
      : cpu_time_(std::move(cpu_time)) {}
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;
  ~CallWatch() = default;

  // Takes in what all workers are inside of now. The oldest call that is late and was not told yet,
  // which it is from then on: see limits::kStuckFactor.
  [[nodiscard]] std::optional<Late> look(std::span<const CallSight> calls, base::TimePoint now);
  // The calls that were told and have not returned by the last look, the oldest first.
  [[nodiscard]] std::vector<Late> told() const;

  // From the kernel's clock of any thread of the process; zero: there is no such thread.
  [[nodiscard]] static base::Duration thread_cpu_time(pid_t thread) noexcept;

 private:
  struct Seen {
    CallSight call;
    base::TimePoint since;
    base::TimePoint active_at;  // the last look that saw progress
    base::Duration cpu_before{};
    bool told = false;
  };

  [[nodiscard]] Seen seen_now(const CallSight& call, base::TimePoint now) const;
  [[nodiscard]] Late late_of(const Seen& seen) const;

  std::function<base::Duration(pid_t)> cpu_time_;
  std::vector<Seen> seen_;  // at the last look
  base::TimePoint looked_at_;
};

}  // namespace berth::sched
