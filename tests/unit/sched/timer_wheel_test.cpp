#include "sched/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <random>
#include <set>

#include "support/fake_clock.h"

namespace berth::sched {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration kTick{std::int64_t{1} << 26U};

std::set<Timer*> pop_all(TimerWheel& wheel, base::TimePoint now) {
  std::set<Timer*> fired;
  while (Timer* timer = wheel.pop_due(now)) fired.insert(timer);
  return fired;
}

TEST(TimerWheel, FiresNeverEarlyAndAtMostOneTickLate) {
  const test::FakeClock clock;
  for (const base::Duration delay :
       {0ns, 1ns, 1'000'000ns, 66'999'999ns, 500'000'000ns, 30'000'000'000ns}) {
    TimerWheel wheel(clock.now());
    Timer timer;
    const base::TimePoint deadline = clock.now() + delay;
    wheel.schedule(timer, deadline);
    if (delay > 0ns) {
      EXPECT_EQ(wheel.pop_due(deadline - 1ns), nullptr) << delay.count();
    }
    EXPECT_EQ(wheel.pop_due(deadline + kTick), &timer) << delay.count();
    EXPECT_FALSE(timer.armed());
    EXPECT_EQ(wheel.pop_due(deadline + 10 * kTick), nullptr);
  }
}

TEST(TimerWheel, LaterDeadlineReplacesEarlierOne) {
  const test::FakeClock clock;
  TimerWheel wheel(clock.now());
  Timer timer;
  wheel.schedule(timer, clock.now() + 1s);
  wheel.schedule(timer, clock.now() + 5s);
  EXPECT_EQ(wheel.pop_due(clock.now() + 4s), nullptr);
  EXPECT_EQ(wheel.pop_due(clock.now() + 5s + kTick), &timer);
}

TEST(TimerWheel, EarlierDeadlineReplacesLaterOne) {
  const test::FakeClock clock;
  TimerWheel wheel(clock.now());
  Timer timer;
  wheel.schedule(timer, clock.now() + 60s);
  wheel.schedule(timer, clock.now() + 1s);
  EXPECT_EQ(wheel.pop_due(clock.now() + 1s + kTick), &timer);
}

TEST(TimerWheel, DeadlineBeyondTheWheelFiresInItsTime) {
  const test::FakeClock clock;
  TimerWheel wheel(clock.now());
  Timer timer;
  wheel.schedule(timer, clock.now() + 1h);
  base::TimePoint now = clock.now();
  for (; now < clock.now() + 1h; now += 10s) ASSERT_EQ(wheel.pop_due(now), nullptr);
  EXPECT_EQ(wheel.pop_due(clock.now() + 1h + kTick), &timer);
}

TEST(TimerWheel, DeadlineInThePastFiresWithinATick) {
  const test::FakeClock clock;
  TimerWheel wheel(clock.now());
  Timer timer;
  wheel.schedule(timer, clock.now() - 10s);
  EXPECT_EQ(wheel.pop_due(clock.now() + kTick), &timer);
}

TEST(TimerWheel, DisarmedAndCancelledTimersNeverFire) {
  const test::FakeClock clock;
  TimerWheel wheel(clock.now());
  Timer disarmed;
  Timer cancelled;
  wheel.schedule(disarmed, clock.now() + 1s);
  wheel.schedule(cancelled, clock.now() + 1s);
  TimerWheel::disarm(disarmed);
  wheel.cancel(cancelled);
  EXPECT_EQ(wheel.pop_due(clock.now() + 1h), nullptr);
  EXPECT_EQ(wheel.until_next(clock.now() + 1h), std::nullopt);
}

// 200,000 random operations on 64 timers against a map; times jump by nothing, a little, or past
// the whole wheel.
TEST(TimerWheel, BehavesLikeASortedListOfDeadlines) {
  std::mt19937 random(1);  // NOLINT: the same run each time
  test::FakeClock clock;
  TimerWheel wheel(clock.now());
  std::array<Timer, 64> timers;
  std::map<Timer*, base::TimePoint> reference;
  const auto pick = [&random](std::int64_t below) {
    return std::uniform_int_distribution<std::int64_t>(0, below - 1)(random);
  };
  for (int step = 0; step < 200'000; ++step) {
    Timer& timer = timers[static_cast<std::size_t>(pick(64))];
    switch (pick(8)) {
      case 0:
      case 1:
      case 2:
      case 3: {
        const std::array<base::Duration, 5> ranges{100ms, 2s, 70s, 300s, 1ms};
        const base::Duration range = ranges[static_cast<std::size_t>(pick(5))];
        const base::TimePoint deadline = clock.now() + base::Duration(pick(range.count())) - 10ms;
        wheel.schedule(timer, deadline);
        reference[&timer] = std::max(deadline, clock.now());  // due at once if it was past
        break;
      }
      case 4:
        TimerWheel::disarm(timer);
        reference.erase(&timer);
        break;
      case 5:
        wheel.cancel(timer);
        reference.erase(&timer);
        break;
      default: {
        const std::array<base::Duration, 4> jumps{10ms, 1s, 80s, 1ms};
        clock.advance(base::Duration(pick(jumps[static_cast<std::size_t>(pick(4))].count())));
        const auto wait = wheel.until_next(clock.now());
        for (const auto& [armed, deadline] : reference) {
          // Nothing may become a whole tick late while the wheel is asleep.
          ASSERT_TRUE(wait.has_value());
          ASSERT_LE(clock.now() + *wait, std::max(deadline, clock.now()) + kTick) << step;
        }
        for (Timer* fired : pop_all(wheel, clock.now())) {
          const auto known = reference.find(fired);
          ASSERT_NE(known, reference.end()) << "a timer fired that was not armed, step " << step;
          ASSERT_LE(known->second, clock.now()) << "early, step " << step;
          reference.erase(known);
        }
        for (const auto& [armed, deadline] : reference) {
          ASSERT_GT(deadline + kTick, clock.now()) << "missed, step " << step;
        }
      }
    }
  }
  for (Timer& timer : timers) wheel.cancel(timer);
}

}  // namespace
}  // namespace berth::sched
