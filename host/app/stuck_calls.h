// Tells the operator about calls of handlers that do not return: once each, with the stack of the
// thread. It ends nothing: a thread cannot be taken from the code it runs.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "app/reload_report.h"
#include "app/thread_probe.h"
#include "base/clock.h"
#include "base/thread_annotations.h"
#include "observe/log.h"
#include "observe/symbol_finder.h"
#include "sched/call_watch.h"
#include "sched/pool.h"

namespace berth::app {

class StuckCalls {
 public:
  // They outlive it, and the pool's threads have ended before it is destroyed.
  StuckCalls(const sched::Pool& pool, observe::Log& log);
  StuckCalls(const StuckCalls&) = delete;
  StuckCalls& operator=(const StuckCalls&) = delete;
  ~StuckCalls() = default;

  // From now on threads are asked for their stacks. Error: see ThreadProbe; then calls are told
  // without.
  [[nodiscard]] base::Status<> start();
  // Looks at all calls, and tells of one of those that are late now: the others come next, for
  // asking takes up to limits::kStuckAnswer. One thread, each limits::kStuckPeriod.
  void look(base::TimePoint now);
  // The oldest first, by the last look. Any thread.
  [[nodiscard]] std::vector<StuckCall> now() const;

 private:
  // What is known of a call that was told.
  struct Told {
    const sched::Worker* worker;
    std::uint64_t call;
    StuckCall what;
  };

  void tell(const sched::CallWatch::Late& late);
  [[nodiscard]] bool still_inside(const sched::CallSight& call) const;
  void log_call(const sched::CallWatch::Late& late, const observe::CrashRecord* record, char state);
  void log_stack(const observe::CrashRecord& record, pid_t thread);
  void publish();

  const sched::Pool& pool_;
  observe::Log& log_;
  std::unique_ptr<ThreadProbe> probe_;  // null: none
  observe::SymbolFinder symbols_;
  sched::CallWatch watch_;
  std::vector<Told> told_;
  mutable base::Mutex mutex_;
  std::vector<StuckCall> now_ BERTH_GUARDED_BY(mutex_);
};

}  // namespace berth::app
