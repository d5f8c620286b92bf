// Takes loops away from handlers that keep them for too long, as Go's sysmon does with threads.
// What runs on its thread never waits for anybody, and no request pays for it.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <Poco/Runnable.h>
#include <Poco/Thread.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/thread_annotations.h"
#include "base/thread_use.h"
#include "sched/owner_word.h"

namespace berth::sched {

class Loop;
class MonitorBell;
class Pool;

// It also ends what waited in the pool's queue for too long, and spare threads that nobody needs.
// Loops, pool, bell and clock outlive it.
class Monitor final : private Poco::Runnable {
 public:
  // By its gettid(): what base::thread_use() says.
  using LookAtThread = std::function<std::optional<base::ThreadUse>(pid_t thread)>;
  Monitor(const std::vector<std::unique_ptr<Loop>>& loops, Pool& pool, MonitorBell& bell,
          const base::Clock& clock, LookAtThread look_at_thread = base::thread_use);
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;
  // Ends its thread.
  ~Monitor() override;

  // Gives it a thread. Throws Poco::SystemException where the system has none.
  void start();

  // What look() wants next.
  struct Rest {
    base::Duration time;  // until the next look
    bool asleep = false;  // nothing ran for a while: may sleep until a loop rings instead
  };
  // How many loops were inside one handler for longer than limits::kLoopStuck at the last look: no
  // thread was left to take them over. Any thread.
  [[nodiscard]] std::size_t stuck_loops() const noexcept {
    return stuck_.load(std::memory_order_relaxed);
  }

  // Returns once a look that had begun before the call is over: it may read what a loop's handler
  // told. Any thread.
  void synchronize() { const base::MutexLock lock(looking_); }

  // One look at every loop; the monitor's thread only, or a test's without one.
  [[nodiscard]] Rest look(base::TimePoint now);

 private:
  std::atomic<std::size_t> stuck_{0};  // relaxed: a number for people

  // What was seen of a loop.
  struct Seen {
    OwnerWord::Token word = 0;
    base::TimePoint since;  // the first time it had this word
    // Its driver awaited a processor, and had used so much of one; and when to look again.
    std::optional<base::Duration> cpu = {};
    base::TimePoint again = {};
    bool reported = false;  // that nobody could take it
  };

  void run() override;
  [[nodiscard]] bool is_preempted(const Loop& loop, Seen& seen, base::TimePoint now,
                                  base::Duration patience);
  void take(Loop& loop, Seen& seen, base::TimePoint now);
  [[nodiscard]] bool all_asleep() const noexcept;
  void sleep();
  // How long it may sleep unless a loop rings: until a job is late, or threads are to be trimmed.
  [[nodiscard]] base::Duration until_next_task(base::TimePoint now);

  const std::vector<std::unique_ptr<Loop>>& loops_;
  Pool& pool_;
  MonitorBell& bell_;
  const base::Clock& clock_;
  const LookAtThread look_at_thread_;
  base::Mutex looking_;      // held during a look
  std::vector<Seen> seen_;   // by loop
  base::TimePoint busy_at_;  // something ran
  base::TimePoint alert_until_;
  base::TimePoint trim_at_;
  Poco::Thread thread_;
  bool started_ = false;
};

}  // namespace berth::sched
