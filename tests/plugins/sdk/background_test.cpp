// Tasks and timers of a plugin in a test without a server: time moves when the test says so.
#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "plugins/bare_plugin.h"

namespace {

using namespace std::chrono_literals;
using berth::testing::LogLine;
using berth::testing::map;
using berth::testing::Recorder;
using berth::testing::RequestSpec;
using Lines = std::vector<std::string>;

const Lines kNone;

struct Background : ::testing::Test {
  void mount(const char* wrong = "") {
    recorder.plugin_config(map({{"wrong", wrong}}));
    ASSERT_TRUE(recorder.mount("asked"));
  }
  void start(const char* wrong = "") {
    mount(wrong);
    ASSERT_TRUE(recorder.start());
    ASSERT_TRUE(recorder.advance(0s));
  }
  auto ask(const char* path) { return recorder.serve(RequestSpec("GET", path)); }
  // The lines since the last look.
  Lines said() {
    Lines lines;
    const std::vector<LogLine> log = recorder.log();
    for (; seen < log.size(); ++seen) lines.push_back(log[seen].message);
    return lines;
  }
  // What wants to be equal to kNone at each end.
  Lines misuse() const { return recorder.misuse(); }

  Recorder recorder;
  std::size_t seen = 0;
};

TEST_F(Background, RunsWhatIsDueInItsOrderAndNothingElse) {
  start();
  EXPECT_EQ(said(), Lines{"begun"});
  EXPECT_EQ(recorder.tasks(), Lines{"worker"});
  EXPECT_TRUE(recorder.advance(9s));
  EXPECT_EQ(said(), kNone);
  EXPECT_TRUE(recorder.advance(1s));
  EXPECT_EQ(said(), Lines{"ten"});
  EXPECT_TRUE(recorder.advance(50s));
  EXPECT_EQ(said(), (Lines{"ten", "once", "ten", "ten", "ten", "ten", "worked"}));
  recorder.stop();
  EXPECT_EQ(said(), (Lines{"told to end", "stop"}));
  EXPECT_EQ(recorder.tasks(), kNone);
  EXPECT_TRUE(recorder.advance(1h));
  EXPECT_EQ(said(), kNone);
  EXPECT_EQ(misuse(), kNone);
}

TEST_F(Background, ATaskIsWokenAndEndedByItsHandle) {
  start();
  EXPECT_EQ(ask("/wake").status, 200);
  EXPECT_TRUE(recorder.advance(0s));
  EXPECT_EQ(said(), (Lines{"begun", "worked"}));
  EXPECT_EQ(ask("/end").status, 200);
  EXPECT_EQ(said(), Lines{"told to end"});
  EXPECT_EQ(ask("/end").status, 200);
  EXPECT_EQ(ask("/wake").status, 200);
  EXPECT_EQ(recorder.tasks(), kNone);
  EXPECT_EQ(misuse(), kNone);
}

TEST_F(Background, AScopedTimerEndsWithItsScope) {
  start();
  EXPECT_TRUE(recorder.advance(10s));
  EXPECT_EQ(ask("/unscope").status, 200);
  EXPECT_TRUE(recorder.advance(10s));
  EXPECT_EQ(said(), (Lines{"begun", "ten"}));
  EXPECT_EQ(misuse(), kNone);
}

TEST_F(Background, ATimerMayCancelItself) {
  start();
  EXPECT_EQ(ask("/self").status, 200);
  EXPECT_TRUE(recorder.advance(5s));
  EXPECT_EQ(said(), (Lines{"begun", "only once"}));
  EXPECT_EQ(misuse(), kNone);
}

TEST_F(Background, APeriodIsAboveZero) {
  start();
  EXPECT_EQ(ask("/every/0").status, 500);
  EXPECT_EQ(said(), (Lines{"begun", "every(): a period is above 0"}));
}

TEST_F(Background, AThrowIsALineAndTheTimerGoesOn) {
  start("throw");
  EXPECT_TRUE(recorder.advance(14s));
  EXPECT_EQ(said(), (Lines{"begun", "seven", "ten", "seven"}));
  EXPECT_EQ(misuse(), kNone);
}

TEST_F(Background, AThrowEndsItsTaskAlone) {
  start("task throws");
  EXPECT_EQ(recorder.tasks(), Lines{"worker"});
  const std::vector<LogLine> log = recorder.log();
  const auto line =
      std::find_if(log.begin(), log.end(), [](const LogLine& l) { return l.level == BERTH_ERROR; });
  ASSERT_NE(line, log.end());
  EXPECT_EQ(line->message, "no more disk");
  EXPECT_EQ(line->fields, (std::vector<berth::testing::Field>{{"task", "bad"}}));
}

TEST_F(Background, EndsWhereTheStartFails) {
  mount("start");
  EXPECT_FALSE(recorder.start());
  EXPECT_EQ(recorder.tasks(), kNone);
  EXPECT_TRUE(recorder.advance(1h));
  recorder.stop();
  EXPECT_EQ(said(), (Lines{"begun", "told to end"}));
  EXPECT_EQ(misuse(), kNone);
}

TEST_F(Background, RunsNothingBeforeTheStart) {
  mount();
  EXPECT_FALSE(recorder.self_test());
  EXPECT_EQ(said(), Lines{"background: too late, or not offered by this host"});
  EXPECT_EQ(misuse(), Lines{"a task was run outside of start() and stop()"});
}

TEST_F(Background, ATaskThatDoesNotEndIsAMisuseAndKeepsThePluginFromStopping) {
  start("stuck");
  said();
  recorder.patience(0s);
  recorder.stop();
  EXPECT_EQ(misuse(), Lines{"task \"worker\" runs on after it was told to end"});
  EXPECT_EQ(said(), kNone);
  recorder.patience(1min);
  EXPECT_EQ(ask("/loose").status, 200);
  recorder.stop();
  EXPECT_EQ(said(), (Lines{"told to end", "stop"}));
}

TEST_F(Background, HearsOfADrainOnceAndServesOn) {
  mount();
  recorder.drain();
  ASSERT_TRUE(recorder.start(BERTH_START_RELOAD));
  ASSERT_TRUE(recorder.advance(0s));
  recorder.drain();
  recorder.drain();
  EXPECT_EQ(ask("/").status, 200);
  EXPECT_TRUE(recorder.advance(10s));
  recorder.stop();
  recorder.drain();
  Lines lines = said();
  std::sort(lines.begin(), lines.begin() + 2);  // which of them is first is the threads'
  EXPECT_EQ(lines, (Lines{"again", "begun", "drain", "ten", "told to end", "stop"}));
}

TEST_F(Background, AHijackedConnectionHearsOfTheDrain) {
  for (const bool drains : {false, true}) {
    Recorder other;
    ASSERT_TRUE(other.mount("asked"));
    const auto taken = other.serve(RequestSpec("GET", "/connection").with_connection({"a", "b"}));
    EXPECT_EQ(taken.connection->written(), "here");
    if (drains) other.drain();
    EXPECT_EQ(other.serve(RequestSpec("GET", "/bye")).status, 200);
    EXPECT_EQ(taken.connection->written(), drains ? "here bye" : "here end");
    EXPECT_EQ(other.misuse(), kNone);
  }
}

// Straight on the tables: what the C++ face does not let be written.
std::int32_t careless(const berth_host& host, berth_request*, berth_response*) {
  const auto& tasks = *static_cast<const berth_tasks*>(host.host_facet(&host, BERTH_TASKS));
  const auto& timers = *static_cast<const berth_timers*>(host.host_facet(&host, BERTH_TIMERS));
  tasks.run(&host, {"", 0}, nullptr, nullptr);
  tasks.wake(&host, 1);
  timers.set(
      &host, -1, 0, [](void*) {}, nullptr, nullptr);
  timers.cancel(&host, 1);
  const std::int64_t timer = timers.set(
      &host, 1, 0, [](void*) {}, nullptr, nullptr);
  timers.cancel(&host, timer);
  timers.cancel(&host, timer);
  return host.host_facet(&host, "berth.nothing/1") == nullptr ? BERTH_OK : BERTH_E_FAILED;
}

TEST(Recorder, NotesMisuseOfTasksAndTimers) {
  Recorder recorder(berth::test::bare_plugin<careless>);
  ASSERT_TRUE(recorder.mount("any") && recorder.start());
  EXPECT_EQ(recorder.serve(RequestSpec("GET", "/")).status, 200);
  EXPECT_EQ(recorder.misuse(), (Lines{"a task without name or work", "wake of no task",
                                      "a timer without a tick, or of a negative time",
                                      "cancel of no timer", "a timer was cancelled twice"}));
}

}  // namespace
