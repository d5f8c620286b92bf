// What counts as blocking. The waits are real, but nothing is asserted of how long they take.
#include "sched/call_meter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <ctime>
#include <functional>
#include <thread>

namespace berth::sched {
namespace {

using namespace std::chrono_literals;

void block() { std::this_thread::sleep_for(300us); }

// Uses so much CPU time of its own, however often it is preempted.
void burn(base::Duration cpu) {
  const auto used = [] {
    timespec time{};
    (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const base::Duration until = used() + cpu;
  while (used() < until) {
  }
}

struct CallMeterTest : ::testing::Test {
  Learning::Change call(const std::function<void()>& handler) {
    meter.begin(route);
    handler();
    meter.end();
    return meter.take_change();
  }
  // Whether these calls leave the route as it was. Tried again where not: the machine may have had
  // one of them wait (a page that is not there yet) or pay for others (a hypervisor).
  static bool count_for_nothing(const std::function<void(CallMeterTest&)>& calls);
  void settle() {
    for (int i = 0; i < 2000; ++i) (void)route.record(0ns);
    ASSERT_TRUE(route.settled());
  }

  CallMeter meter;
  Learning route;

  class Fresh;
};

class CallMeterTest::Fresh : public CallMeterTest {
  void TestBody() override {}
};

bool CallMeterTest::count_for_nothing(const std::function<void(CallMeterTest&)>& calls) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    Fresh fresh;
    calls(fresh);
    if (fresh.route.average() == base::Duration(0)) return true;
  }
  return false;
}

TEST_F(CallMeterTest, ASleepCounts) {
  call(block);
  EXPECT_GT(route.average(), 0ns);
}

TEST_F(CallMeterTest, TheChangeIsToldOnce) {
  Learning::Change change = Learning::Change::kNone;
  for (int i = 0; i < 100 && change == Learning::Change::kNone; ++i) change = call(block);
  EXPECT_EQ(change, Learning::Change::kOffloaded);
  EXPECT_EQ(meter.take_change(), Learning::Change::kNone);
}

TEST_F(CallMeterTest, CpuCountsFromHalfAMillisecondACall) {
  EXPECT_TRUE(count_for_nothing([](CallMeterTest& calls) {
    for (int i = 0; i < 20; ++i) calls.call([] { burn(30us); });
  }));
  call([] { burn(2ms); });
  EXPECT_GT(route.average(), 0ns);
}

TEST_F(CallMeterTest, WaitingForTheClientDoesNot) {
  EXPECT_TRUE(count_for_nothing([](CallMeterTest& calls) {
    for (int i = 0; i < 20; ++i) {
      calls.call([&calls] {
        calls.meter.pause();
        block();
        calls.meter.resume();
        burn(30us);
      });
    }
  }));
}

TEST_F(CallMeterTest, WhatBlocksBesideWaitingForTheClientCounts) {
  call([this] {
    block();
    meter.pause();
    block();
    meter.resume();
  });
  const base::Duration before = route.average();
  EXPECT_GT(before, 0ns);
  call([this] {
    meter.pause();
    block();
    meter.resume();
    block();
  });
  EXPECT_GT(route.average(), before);
}

TEST_F(CallMeterTest, SleepBetweenCallsIsNobodys) {
  EXPECT_TRUE(count_for_nothing([](CallMeterTest& calls) {
    for (int i = 0; i < 20; ++i) {
      block();
      calls.meter.forget_usage();
      calls.call([] { burn(30us); });
    }
  }));
}

TEST_F(CallMeterTest, ACallThatKeptItsLoopWithoutBlockingIsNotHeldAgainstItsRoute) {
  settle();
  call([&] {
    route.distrust();  // by the monitor, that is
    burn(150us);
  });
  EXPECT_TRUE(route.proven());
}

TEST_F(CallMeterTest, ACallThatKeptItsLoopAndBlockedIsHeldAgainstItsRoute) {
  settle();
  call(block);  // so that the next one is measured
  call([&] {
    route.distrust();
    block();
  });
  EXPECT_FALSE(route.proven());
}

TEST_F(CallMeterTest, AProvenRouteThatBeginsToBlockIsOffloadedWithinSomeCalls) {
  settle();
  int calls = 1;
  while (calls < 1000 && call(block) != Learning::Change::kOffloaded) ++calls;
  EXPECT_LT(calls, 30);
}

TEST_F(CallMeterTest, AnOffloadedRouteThatStopsBlockingReturns) {
  while (!route.offloaded()) call(block);
  int calls = 1;
  while (calls < 100'000 && call([] {}) != Learning::Change::kReturned) ++calls;
  EXPECT_LT(calls, 2000);
}

TEST_F(CallMeterTest, NothingIsLearntOfARouteWhoseLearningIsOff) {
  route.turn_off();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(call(block), Learning::Change::kNone);
  EXPECT_TRUE(route.settled());
}

TEST_F(CallMeterTest, ASlowCallOfASettledRouteMakesTheNextOnesMeasured) {
  settle();
  call(block);
  EXPECT_EQ(route.average(), 0ns) << "nobody had looked at the thread before it";
  EXPECT_FALSE(route.settled());
  call(block);
  EXPECT_GT(route.average(), 0ns);
}

TEST(TickClock, AgreesWithTheMonotonicClock) {
  const base::TickClock& ticks = base::TickClock::system();
  const auto clock_before = std::chrono::steady_clock::now();
  const std::int64_t inner_before = ticks.now();
  burn(5ms);
  const base::Duration inner = ticks.duration(ticks.now() - inner_before);
  const base::Duration outer = std::chrono::steady_clock::now() - clock_before;
  EXPECT_LE(inner, outer + outer / 50) << "it cannot have taken longer than the time around it";
  EXPECT_GE(inner, 5ms - 5ms / 50) << "nor less than its CPU time";
  EXPECT_NEAR(static_cast<double>(ticks.ticks(1ms)), static_cast<double>(ticks.ticks(2ms)) / 2,
              1.0);
}

}  // namespace
}  // namespace berth::sched
