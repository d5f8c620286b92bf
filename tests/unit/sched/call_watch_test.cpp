// Which calls are late, by what looks at them see and by the clock they are given.
#include "sched/call_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/limits.h"
#include "unit/sched/fake_connection.h"

namespace berth::sched {
namespace {

using namespace std::chrono_literals;
using testing::options;

struct CallWatchTest : ::testing::Test {
  // A call of a thread; the number of the worker is that of the thread.
  CallSight& call(pid_t thread, base::Duration timeout) {
    CallSight& sight = calls[thread];
    sight.thread = thread;
    sight.call += 2;
    sight.timeout = timeout;
    return sight;
  }
  // The thread of the one that is told by a look after so long; 0: none.
  pid_t look_after(base::Duration time) {
    now += time;
    std::vector<CallSight> sights;
    for (const auto& [thread, sight] : calls) sights.push_back(sight);
    last = watch.look(sights, now);
    return last ? last->call.thread : 0;
  }

  base::TimePoint now{1h};
  std::map<pid_t, CallSight> calls;
  std::map<pid_t, base::Duration> cpu;
  CallWatch watch{[this](pid_t thread) { return cpu[thread]; }};
  std::optional<CallWatch::Late> last;
};

TEST_F(CallWatchTest, ACallIsToldOnceWhenItsDeadlineHasPassedTwice) {
  (void)call(7, 10s);
  EXPECT_EQ(look_after(0s), 0);
  EXPECT_EQ(look_after(19s), 0);
  EXPECT_EQ(look_after(1s), 7);
  EXPECT_EQ(last->age, 20s);
  EXPECT_EQ(look_after(1h), 0);
  ASSERT_EQ(watch.told().size(), 1U);
  EXPECT_EQ(watch.told()[0].age, 1h + 20s);
  calls.clear();
  EXPECT_EQ(look_after(1s), 0);
  EXPECT_TRUE(watch.told().empty());
}

TEST_F(CallWatchTest, AShortDeadlineHasASecondAtLeast) {
  (void)call(7, 1ms);
  EXPECT_EQ(look_after(0s), 0);
  EXPECT_EQ(look_after(999ms), 0);
  EXPECT_EQ(look_after(1ms), 7);
}

TEST_F(CallWatchTest, TheNextCallOfTheSameThreadIsAnother) {
  (void)call(7, 10s);
  EXPECT_EQ(look_after(0s), 0);
  EXPECT_EQ(look_after(20s), 7);
  (void)call(7, 10s);
  EXPECT_EQ(look_after(1s), 0);
  EXPECT_EQ(look_after(19s), 0);
  EXPECT_EQ(look_after(1s), 7);
}

TEST_F(CallWatchTest, ProgressDoesNotPutADeadlineOff) {
  CallSight& sight = call(7, 10s);
  EXPECT_EQ(look_after(0s), 0);
  ++sight.progress;
  EXPECT_EQ(look_after(20s), 7);
}

TEST_F(CallWatchTest, WithoutADeadlineSilenceCounts) {
  CallSight& sight = call(7, 0s);
  EXPECT_EQ(look_after(0s), 0);
  for (int i = 0; i < 10; ++i) {
    ++sight.progress;
    EXPECT_EQ(look_after(base::limits::kStuckSilence), 0);
  }
  EXPECT_EQ(look_after(base::limits::kStuckSilence - 1s), 0);
  EXPECT_EQ(look_after(1s), 7);
  EXPECT_EQ(last->age, 11 * base::limits::kStuckSilence) << "of the call, not of the silence";
}

TEST_F(CallWatchTest, OneIsToldAtALookTheOldestFirst) {
  (void)call(9, 1s);
  EXPECT_EQ(look_after(0s), 0);
  (void)call(7, 1s);
  (void)call(8, 1s);
  EXPECT_EQ(look_after(1s), 0);
  EXPECT_EQ(look_after(10s), 9);
  EXPECT_EQ(look_after(1s), 7);
  EXPECT_EQ(look_after(1s), 8);
  EXPECT_EQ(look_after(1s), 0);
}

TEST_F(CallWatchTest, TellsTheProcessorsTimeSinceItFirstSawTheCall) {
  (void)call(7, 1s);
  cpu[7] = 100s;
  EXPECT_EQ(look_after(0s), 0);
  cpu[7] = 101s;
  EXPECT_EQ(look_after(2s), 7);
  EXPECT_EQ(last->cpu, 1s);
  cpu.clear();  // the thread has ended
  EXPECT_EQ(watch.told()[0].cpu, 0s);
}

TEST_F(CallWatchTest, ADeadlineOfAgesIsNeverOver) {
  (void)call(7, base::Duration::max() - 1ns);
  EXPECT_EQ(look_after(0s), 0);
  EXPECT_EQ(look_after(10000h), 0);
}

TEST(ThreadCpuTime, GrowsWithWhatTheThreadUses) {
  const base::Duration before = CallWatch::thread_cpu_time(::gettid());
  while (CallWatch::thread_cpu_time(::gettid()) < before + 1ms) {
  }
  EXPECT_EQ(CallWatch::thread_cpu_time(0x7ffffff), 0ns) << "there is no such thread";
}

TEST(WorkerSight, IsOfTheCallItIsInsideOf) {
  Learning route;
  Pool pool(options(1, 1));
  {
    Worker worker(pool, "test", base::limits::kThreadStack);
    EXPECT_FALSE(worker.sight());
    worker.enter_handler(route, 3s);
    const auto first = worker.sight();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->timeout, 3s);
    worker.note_progress();
    EXPECT_EQ(worker.sight()->call, first->call);
    EXPECT_NE(worker.sight()->progress, first->progress);
    (void)worker.leave_handler();
    EXPECT_FALSE(worker.sight());
    worker.enter_handler(route);
    EXPECT_NE(worker.sight()->call, first->call);
    EXPECT_EQ(worker.sight()->timeout, 0s);
    worker.disregard_call();  // its client's partner: it may last
    EXPECT_FALSE(worker.sight());
    (void)worker.leave_handler();
    worker.assign({.loop = nullptr, .job = nullptr, .waits = false, .end = true});
    EXPECT_TRUE(worker.try_join(10'000));
  }
  EXPECT_TRUE(pool.stop(base::system_clock(), base::system_clock().now() + 10s));
}

}  // namespace
}  // namespace berth::sched
