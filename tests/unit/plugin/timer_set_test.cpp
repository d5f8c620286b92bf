#include "plugin/timer_set.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "plugin/host_table.h"
#include "recording_sink.h"
#include "support/fake_clock.h"

namespace berth::plugin {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

// What a timer of a test does, and how often it was called.
struct Ticker {
  std::function<void()> on_tick = [] {};
  std::atomic<int> ticks = 0;
  std::atomic<int> releases = 0;
};

// As a plugin sees it: through the tables alone.
class TimerSetTest : public ::testing::Test {
 protected:
  TimerSetTest() : timers(*static_cast<const berth_timers*>(host->host_facet(host, BERTH_TIMERS))) {
    table.tasks().open();
  }

  std::int64_t set(Ticker& ticker, base::Duration first, base::Duration period) {
    return timers.set(
        host, first.count(), period.count(),
        [](void* self) {
          ++static_cast<Ticker*>(self)->ticks;
          static_cast<Ticker*>(self)->on_tick();
        },
        [](void* self) { ++static_cast<Ticker*>(self)->releases; }, &ticker);
  }
  // Makes the thread look at the clock, and waits until it has: a timer that is due at once ticks
  // behind all that are due already.
  void look() {
    std::promise<void> looked;
    Ticker last;
    last.on_tick = [&] { looked.set_value(); };
    ASSERT_GT(set(last, 0s, 0s), 0);
    looked.get_future().wait();
    while (last.releases == 0) std::this_thread::yield();
  }
  void advance(base::Duration by) {
    clock.advance(by);
    look();
  }
  void stop() { EXPECT_TRUE(table.tasks().stop(base::TimePoint::max()).empty()); }

  test::FakeClock clock;
  RecordingSink sink;
  HostTable table{"alias", sink, clock};
  const berth_host* host = table.get();
  const berth_timers& timers;
};

TEST_F(TimerSetTest, TicksWhenItsTimeHasComeAndNotBefore) {
  Ticker once, often;
  ASSERT_GT(set(once, 10s, 0s), 0);
  ASSERT_GT(set(often, 1s, 2s), 0);
  look();
  EXPECT_EQ(often.ticks, 0);
  advance(1s);
  EXPECT_EQ(often.ticks, 1);
  advance(1s);
  EXPECT_EQ(often.ticks, 1);
  advance(1s);
  EXPECT_EQ(often.ticks, 2);
  EXPECT_EQ(once.ticks, 0);
  advance(7s);
  EXPECT_EQ(once.ticks, 1);
  EXPECT_EQ(once.releases, 1);
  stop();
  EXPECT_EQ(once.ticks, 1);
  EXPECT_EQ(often.releases, 1);
}

TEST_F(TimerSetTest, LeavesOutWhatWasMissedAndKeepsItsRhythm) {
  Ticker often;
  ASSERT_GT(set(often, 10s, 10s), 0);
  advance(35s);
  EXPECT_EQ(often.ticks, 1);
  advance(4s);
  EXPECT_EQ(often.ticks, 1);
  advance(1s);
  EXPECT_EQ(often.ticks, 2) << "at 40 s";
  stop();
}

TEST_F(TimerSetTest, NeverTicksAfterItsCancelReturned) {
  for (int round = 0; round < 200; ++round) {
    Ticker ticker;
    const std::int64_t timer = set(ticker, 0s, 1ns);
    ASSERT_GT(timer, 0);
    clock.advance(1ns);
    EXPECT_EQ(timers.cancel(host, timer), BERTH_OK);
    const int ticks = ticker.ticks;
    EXPECT_EQ(ticker.releases, 1);
    clock.advance(1s);
    look();
    EXPECT_EQ(ticker.ticks, ticks);
    EXPECT_EQ(timers.cancel(host, timer), BERTH_OK) << "it has ended";
  }
  stop();
}

TEST_F(TimerSetTest, CancelWaitsForATickThatRuns) {
  std::promise<void> inside, go_on;
  std::atomic<bool> ended = false;
  Ticker ticker;
  ticker.on_tick = [&] {
    inside.set_value();
    go_on.get_future().wait();
    ended = true;
  };
  const std::int64_t timer = set(ticker, 0s, 1h);
  inside.get_future().wait();
  std::thread other([&] { go_on.set_value(); });
  EXPECT_EQ(timers.cancel(host, timer), BERTH_OK);
  EXPECT_TRUE(ended);
  EXPECT_EQ(ticker.releases, 1);
  other.join();
  stop();
}

TEST_F(TimerSetTest, MayCancelItselfAndSetAnother) {
  Ticker self, next;
  std::int64_t number = 0;
  std::promise<void> known;
  self.on_tick = [&] {
    known.get_future().wait();
    EXPECT_EQ(timers.cancel(host, number), BERTH_OK);
    EXPECT_EQ(self.releases, 0) << "not under its feet";
    EXPECT_GT(set(next, 0s, 0s), 0);
  };
  number = set(self, 0s, 1s);
  known.set_value();
  advance(10s);
  EXPECT_EQ(self.ticks, 1);
  EXPECT_EQ(self.releases, 1);
  look();
  EXPECT_EQ(next.ticks, 1);
  stop();
}

TEST_F(TimerSetTest, AThrowIsLoggedAndTheTimerGoesOn) {
  Ticker bad;
  bad.on_tick = [] { throw std::runtime_error("no answer"); };
  ASSERT_GT(set(bad, 1s, 1s), 0);
  advance(1s);
  advance(1s);
  EXPECT_EQ(bad.ticks, 2);
  stop();
  const std::string line = "error alias [] a timer threw an exception what=no answer";
  EXPECT_EQ(sink.take(), (Lines{line, line}));
}

TEST_F(TimerSetTest, IsATaskOfTheImageOnlyWhereThereIsATimer) {
  EXPECT_TRUE(table.tasks().running().empty());
  Ticker ticker;
  ASSERT_GT(set(ticker, 1h, 0s), 0);
  ASSERT_EQ(table.tasks().running().size(), 1u);
  EXPECT_EQ(table.tasks().running().front().name, "timers");
  stop();
  EXPECT_EQ(ticker.ticks, 0);
  EXPECT_EQ(ticker.releases, 1);
}

TEST_F(TimerSetTest, RefusesWhatBreaksTheContract) {
  Ticker ticker;
  EXPECT_EQ(set(ticker, -1ns, 0s), BERTH_E_INVALID);
  EXPECT_EQ(set(ticker, 0s, -1ns), BERTH_E_INVALID);
  EXPECT_EQ(timers.set(host, 0, 0, nullptr, nullptr, nullptr), BERTH_E_INVALID);
  for (const std::int64_t number : {-1, 0, 1}) {
    EXPECT_EQ(timers.cancel(host, number), BERTH_E_INVALID);
  }
  for (int i = 0; i < 1024; ++i) ASSERT_GT(set(ticker, 1h, 1h), 0);
  EXPECT_EQ(set(ticker, 1h, 1h), BERTH_E_TOO_LARGE);
  EXPECT_EQ(timers.cancel(host, 7), BERTH_OK);
  EXPECT_GT(set(ticker, base::Duration::max(), 1h), 0);
  stop();
  EXPECT_EQ(ticker.releases, 1025);
  EXPECT_EQ(set(ticker, 1h, 1h), BERTH_E_STATE);
  EXPECT_EQ(ticker.releases, 1025) << "it stays the caller's";
}

TEST_F(TimerSetTest, NothingTicksAfterTheStopWhoeverSetsMeanwhile) {
  Ticker ticker;
  std::atomic<int> given = 0;
  std::atomic<bool> stopped = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stopped) {
        if (const std::int64_t timer = set(ticker, 0s, 1ns); timer > 0) {
          ++given;
          if (timer % 2 == 0) timers.cancel(host, timer);
        }
      }
    });
  }
  while (ticker.ticks < 100) clock.advance(1ns);
  stop();
  const int ticks = ticker.ticks;
  stopped = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ticker.ticks, ticks);
  EXPECT_EQ(ticker.releases, given);
}

}  // namespace
}  // namespace berth::plugin
