// The monitor by the clock it is given, one look after the other, without its thread.
#include "sched/monitor.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "sched/monitor_bell.h"
#include "support/fake_clock.h"
#include "unit/sched/fake_connection.h"

namespace berth::sched {
namespace {

using namespace std::chrono_literals;
using testing::FakeConnection;
using testing::options;
using testing::read_from;
using testing::Runtime;
using testing::soon;
using testing::wait_until;
using testing::write_to;

struct MonitorTest : ::testing::Test {
  MonitorTest() {
    auto loop = Loop::open(owner_of_loops, 0, clock);
    EXPECT_TRUE(loop.ok());
    loops.push_back(std::move(loop).value());
    monitor = std::make_unique<Monitor>(loops, pool, bell, clock, [this](pid_t) { return use; });
  }
  ~MonitorTest() override {
    if (taken > 0) {  // so it has a driver
      Loop* const target = loops[0].get();
      target->post_task([target](Worker& worker) { target->drain(worker, true); });
    }
    EXPECT_TRUE(pool.stop(base::system_clock(), soon()));
  }
  PoolOptions with_notices() {
    PoolOptions with = options(1, 1);
    with.on_notice = [this](Notice notice) {
      if (notice == Notice::kLoopTaken) ++taken;
      if (notice == Notice::kSpareMissing) ++missing;
    };
    return with;
  }
  Monitor::Rest look_after(base::Duration time) {
    clock.advance(time);
    return monitor->look(clock.now());
  }
  OwnerWord& word() { return loops[0]->owner(); }

  std::optional<base::ThreadUse> use;  // of the driver; nothing: not known
  int taken = 0;
  int missing = 0;
  test::FakeClock clock;
  Pool pool{with_notices()};
  Loops owner_of_loops{pool, clock};
  std::vector<std::unique_ptr<Loop>> loops;
  MonitorBell bell;
  std::unique_ptr<Monitor> monitor;
};

TEST_F(MonitorTest, TakesALoopThatStaysInOneHandlerForAMillisecond) {
  const OwnerWord::Token token = word().enter();
  EXPECT_EQ(look_after(1ms).time, 1ms);
  (void)look_after(900us);
  EXPECT_EQ(taken, 0);
  (void)look_after(100us);
  EXPECT_EQ(taken, 1);
  EXPECT_FALSE(word().leave(token)) << "the driver has lost it";
}

TEST_F(MonitorTest, AHandlerThatOnlyAwaitsAProcessorKeepsTheLoopForTwentyMilliseconds) {
  const OwnerWord::Token token = word().enter();
  use = {.state = 'R', .cpu = 5ms};
  (void)look_after(1ms);
  for (int i = 0; i < 19; ++i) (void)look_after(1ms);
  EXPECT_EQ(taken, 0);
  (void)look_after(1ms);
  EXPECT_EQ(taken, 1);
  EXPECT_FALSE(word().leave(token));
}

TEST_F(MonitorTest, AHandlerThatComputesLosesTheLoopAfterTwoMilliseconds) {
  const OwnerWord::Token token = word().enter();
  use = {.state = 'R', .cpu = 5ms};
  (void)look_after(1ms);
  (void)look_after(1ms);
  EXPECT_EQ(taken, 0);
  use->cpu += 900us;
  (void)look_after(1ms);
  EXPECT_EQ(taken, 1);
  EXPECT_FALSE(word().leave(token));
}

TEST_F(MonitorTest, AHandlerThatWaitsAfterItsTurnLosesTheLoopAtTheNextLook) {
  const OwnerWord::Token token = word().enter();
  use = {.state = 'R', .cpu = 5ms};
  (void)look_after(1ms);
  (void)look_after(1ms);
  use->state = 'S';
  (void)look_after(1ms);
  EXPECT_EQ(taken, 1);
  EXPECT_FALSE(word().leave(token));
}

TEST_F(MonitorTest, WhatACallBeforeHadUsedIsNotOfTheNextOne) {
  use = {.state = 'R', .cpu = 5ms};
  for (int i = 0; i < 5; ++i) {
    const OwnerWord::Token token = word().enter();
    (void)look_after(1ms);
    (void)look_after(1ms);
    use->cpu += 10ms;
    EXPECT_TRUE(word().leave(token));
  }
  EXPECT_EQ(taken, 0);
}

TEST_F(MonitorTest, HandlersThatComeAndGoKeepTheLoop) {
  for (int i = 0; i < 20; ++i) {
    const OwnerWord::Token token = word().enter();
    (void)look_after(900us);
    EXPECT_TRUE(word().leave(token));
  }
  EXPECT_EQ(taken, 0);
}

TEST_F(MonitorTest, ADriverBetweenHandlersKeepsTheLoop) {
  for (int i = 0; i < 20; ++i) (void)look_after(10ms);
  EXPECT_EQ(taken, 0);
}

TEST_F(MonitorTest, WithoutASpareTheLoopStaysAndThatIsToldOnceAStay) {
  std::vector<Worker*> all;
  while (Worker* const worker = pool.reserve_for_loop()) all.push_back(worker);
  ASSERT_EQ(all.size(), 2U);
  const OwnerWord::Token token = word().enter();
  for (int i = 0; i < 5; ++i) (void)look_after(1ms);
  EXPECT_EQ(missing, 1);
  EXPECT_TRUE(word().leave(token));
  const OwnerWord::Token second = word().enter();
  for (int i = 0; i < 5; ++i) (void)look_after(1ms);
  EXPECT_EQ(missing, 2);
  for (Worker* const worker : all) pool.unreserve(*worker);
  (void)look_after(1ms);
  EXPECT_EQ(taken, 1) << "as soon as there is one again";
  EXPECT_FALSE(word().leave(second));
}

TEST_F(MonitorTest, LooksMoreOftenForASecondAfterItTookOne) {
  (void)word().enter();
  (void)look_after(1ms);
  EXPECT_EQ(look_after(1ms).time, 100us);
  EXPECT_EQ(taken, 1);
  const Monitor::Rest later = look_after(998ms);
  EXPECT_EQ(later.time, 100us);
  EXPECT_FALSE(later.asleep);
  EXPECT_EQ(look_after(50ms).time, 1ms);
}

TEST_F(MonitorTest, SleepsOnceNothingRanForAHundredMilliseconds) {
  EXPECT_FALSE(look_after(99ms).asleep);
  EXPECT_TRUE(look_after(1ms).asleep);
  ASSERT_TRUE(word().leave(word().enter()));
  EXPECT_FALSE(look_after(1ms).asleep);
  EXPECT_FALSE(look_after(99ms).asleep);
  EXPECT_TRUE(look_after(1ms).asleep);
}

TEST_F(MonitorTest, NeverSleepsWhileAHandlerRunsThatItCannotRelieve) {
  std::vector<Worker*> all;
  while (Worker* const worker = pool.reserve_for_loop()) all.push_back(worker);
  const OwnerWord::Token token = word().enter();
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(look_after(1s).asleep);
  EXPECT_TRUE(word().leave(token));
  for (Worker* const worker : all) pool.unreserve(*worker);
}

TEST(MonitorBell, ALoopThatRingsWakesTheMonitor) {
  for (int round = 0; round < 100; ++round) {
    MonitorBell bell;
    std::promise<void> lying;
    std::thread monitor([&] {
      ASSERT_TRUE(bell.lie_down());
      lying.set_value();
      bell.sleep(20s);  // until the ring, whether it comes before or after
      EXPECT_TRUE(bell.get_up());
    });
    lying.get_future().wait();
    bell.ring();
    monitor.join();
  }
}

TEST(MonitorBell, WithoutARingItGetsUpByItself) {
  MonitorBell bell;
  bell.ring();  // nobody sleeps
  ASSERT_TRUE(bell.lie_down());
  bell.sleep(0ns);
  EXPECT_FALSE(bell.get_up());
  EXPECT_TRUE(bell.lie_down()) << "and may lie down again";
}

TEST(MonitorBell, AStopEndsRestAndSleepAndLasts) {
  MonitorBell bell;
  std::thread monitor([&] {
    while (!bell.stopped()) bell.rest(20s);
  });
  bell.stop();
  monitor.join();
  EXPECT_FALSE(bell.lie_down());
  bell.sleep(20s);
  bell.ring();
  EXPECT_TRUE(bell.stopped());
}

// With its thread, and a handler that tells nobody that it blocks.
TEST(MonitorThread, HandsTheLoopOfABlockedHandlerToASpare) {
  for (const std::size_t loops : {1U, 2U, 4U, 8U}) {
    FakeConnection::Counts slow_counts;
    FakeConnection::Counts counts;
    std::promise<void> open;
    const std::shared_future<void> opened = open.get_future().share();
    const auto share = std::make_shared<Share>("slow");
    slow_counts.route.belong_to(share, 100);
    FakeConnection::Script slow;
    slow.on_readable = [&](FakeConnection& connection, Worker& worker) {
      connection.read_all();
      connection.hold(false);
      worker.enter_handler(connection.route());
      opened.wait();
      connection.write("slow");
      EXPECT_FALSE(worker.leave_handler());
      connection.give_back(false);
      return Turn::kLost;
    };
    FakeConnection::Script quick;
    quick.on_readable = [](FakeConnection& connection, Worker& worker) {
      const std::size_t bytes = connection.read_all();
      connection.hold(connection.ended());
      worker.enter_handler(connection.route());
      if (bytes > 0) connection.write(std::string(bytes, '.'));
      if (!worker.leave_handler()) {
        connection.give_back(false);
        return Turn::kLost;
      }
      connection.unhold();
      if (connection.ended()) connection.end();
      return Turn::kKept;
    };
    quick.on_return = quick.on_readable;
    std::vector<base::Descriptor> slow_clients;
    Runtime runtime(options(loops, 4 * loops));
    for (std::size_t i = 0; i < 3 * loops; ++i) {  // three times each loop is taken
      slow_clients.push_back(runtime.connect(i % loops, slow, slow_counts));
      write_to(slow_clients.back(), "x");
    }
    for (std::size_t i = 0; i < loops; ++i) {
      const base::Descriptor client = runtime.connect(i, quick, counts);
      for (int round = 0; round < 20; ++round) {
        write_to(client, "x");
        ASSERT_EQ(read_from(client, 1), ".");
      }
    }
    wait_until([&] { return share->threads() == 3 * loops; });
    open.set_value();
    for (const base::Descriptor& client : slow_clients) EXPECT_EQ(read_from(client, 4), "slow");
    wait_until([&] { return share->threads() == 0; });
  }
}

}  // namespace
}  // namespace berth::sched
