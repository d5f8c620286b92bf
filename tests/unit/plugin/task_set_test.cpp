#include "plugin/task_set.h"

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

#include "plugin/abi_text.h"
#include "plugin/host_table.h"
#include "recording_sink.h"
#include "support/fake_clock.h"

namespace berth::plugin {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;
using Body = std::function<void(berth_task*)>;

// As a plugin sees it: through the tables alone.
class TaskSetTest : public ::testing::Test {
 protected:
  TaskSetTest()
      : tasks(*static_cast<const berth_tasks*>(host->host_facet(host, BERTH_TASKS))),
        set(table.tasks()) {}

  // body outlives the task.
  std::int64_t run(const Body& body, std::string_view name = "task") {
    const auto work = [](void* self, berth_task* task) { (*static_cast<const Body*>(self))(task); };
    return tasks.run(host, present(name), work, const_cast<Body*>(&body));
  }
  static std::vector<std::string> names(const std::vector<TaskInfo>& infos) {
    std::vector<std::string> names;
    for (const TaskInfo& info : infos) names.push_back(info.name);
    return names;
  }
  void stop_all() { EXPECT_TRUE(set.stop(base::TimePoint::max()).empty()); }

  test::FakeClock clock;
  RecordingSink sink;
  HostTable table{"alias", sink, clock};
  const berth_host* host = table.get();
  const berth_tasks& tasks;
  TaskSet& set;
};

TEST_F(TaskSetTest, TasksEndWhereTheyAreToldTo) {
  std::atomic<int> ended = 0;
  const Body waits = [&](berth_task* task) {
    while (tasks.wait(task, -1) == 0) {
    }
    EXPECT_EQ(tasks.stopping(task), 1);
    EXPECT_EQ(tasks.wait(task, -1), 1) << "and it is told again";
    ++ended;
  };
  set.open();
  EXPECT_EQ(run(waits, "a"), 1);
  EXPECT_EQ(run(waits, "b"), 2);
  EXPECT_EQ(names(set.running()), (Lines{"a", "b"}));
  stop_all();
  EXPECT_EQ(ended, 2);
  EXPECT_TRUE(set.running().empty());
}

TEST_F(TaskSetTest, NothingRunsOutsideOfStartAndStop) {
  std::atomic<int> runs = 0;
  const Body counts = [&](berth_task*) { ++runs; };
  EXPECT_EQ(run(counts), BERTH_E_STATE);
  set.open();
  EXPECT_GT(run(counts), 0);
  stop_all();
  EXPECT_EQ(run(counts), BERTH_E_STATE);
  EXPECT_EQ(runs, 1);
}

TEST_F(TaskSetTest, OneThatDoesNotEndIsNamedWithItsAge) {
  std::promise<void> let_go;
  const Body stuck = [&](berth_task*) { let_go.get_future().wait(); };
  const Body good = [&](berth_task* task) { tasks.wait(task, -1); };
  set.open();
  ASSERT_GT(run(stuck, "stuck"), 0);
  const std::int64_t other = run(good, "good");
  clock.advance(90s);
  EXPECT_EQ(set.running().front().age, 90s);
  EXPECT_EQ(tasks.end(host, other), BERTH_OK);
  EXPECT_EQ(names(set.stop(clock.now())), Lines{"stuck"});
  let_go.set_value();
  stop_all();
}

TEST_F(TaskSetTest, AThrowIsLoggedAndEndsTheTaskAlone) {
  const Body standard = [](berth_task*) { throw std::runtime_error("no more disk"); };
  const Body number = [](berth_task*) { throw 7; };
  set.open();
  for (const Body* body : {&standard, &number}) {
    EXPECT_EQ(tasks.end(host, run(*body)), BERTH_OK);
  }
  EXPECT_EQ(
      sink.take(),
      (Lines{"error alias [] a background task threw an exception what=no more disk",
             "error alias [] a background task threw an exception that is no std::exception"}));
  EXPECT_TRUE(set.running().empty());
}

TEST_F(TaskSetTest, AWaitEndsWithItsTimeOrAWake) {
  std::promise<void> slept;
  const Body body = [&](berth_task* task) {
    EXPECT_EQ(tasks.wait(task, -1), 0) << "woken";
    slept.set_value();
    EXPECT_EQ(tasks.wait(task, INT64_MAX), 0) << "woken before it";
    clock.advance(1h);
    EXPECT_EQ(tasks.wait(task, 0), 0);
  };
  set.open();
  const std::int64_t task = run(body);
  EXPECT_EQ(tasks.wake(host, task), BERTH_OK);
  slept.get_future().wait();
  EXPECT_EQ(tasks.wake(host, task), BERTH_OK);
  while (!set.running().empty()) std::this_thread::yield();
  EXPECT_EQ(tasks.wake(host, task), BERTH_OK) << "it has ended";
}

// Each look at it is an hour later.
class HurriedClock final : public base::Clock {
 public:
  base::TimePoint now() const noexcept override { return base::TimePoint(1h * ++looks_); }
  std::chrono::sys_time<std::chrono::microseconds> wall() const noexcept override { return {}; }

 private:
  mutable std::atomic<int> looks_ = 0;
};

TEST(TaskSet, SleepsNoLongerThanItWasAsked) {
  const HurriedClock hurried;
  RecordingSink sink;
  HostTable table("alias", sink, hurried);
  table.tasks().open();
  static std::atomic<int> result = -1;
  const auto work = [](void*, berth_task* task) {
    result = task->set.wait(*task, std::chrono::nanoseconds(30min).count());
  };
  EXPECT_EQ(table.tasks().end(table.tasks().run("short", work, nullptr)), BERTH_OK);
  EXPECT_GE(result, 0);
}

TEST_F(TaskSetTest, MayEndItselfAndTellOthers) {
  std::atomic<std::int64_t> own = 0;
  const Body selfish = [&](berth_task* task) {
    while (own == 0) std::this_thread::yield();
    EXPECT_EQ(tasks.end(host, own), BERTH_OK);
    EXPECT_EQ(tasks.stopping(task), 1);
  };
  set.open();
  own = run(selfish);
  EXPECT_EQ(tasks.end(host, own), BERTH_OK);
  EXPECT_EQ(tasks.end(host, own), BERTH_OK) << "twice";
}

TEST_F(TaskSetTest, RefusesWhatBreaksTheContract) {
  const Body waits = [&](berth_task* task) { tasks.wait(task, -1); };
  set.open();
  EXPECT_EQ(run(waits, ""), BERTH_E_INVALID);
  EXPECT_EQ(tasks.run(host, present("x"), nullptr, nullptr), BERTH_E_INVALID);
  for (const std::int64_t number : {-1, 0, 1}) {
    EXPECT_EQ(tasks.wake(host, number), BERTH_E_INVALID);
    EXPECT_EQ(tasks.end(host, number), BERTH_E_INVALID);
  }
  EXPECT_EQ(tasks.wait(nullptr, 0), BERTH_E_INVALID);
  EXPECT_EQ(tasks.stopping(nullptr), BERTH_E_INVALID);
  for (int i = 0; i < 64; ++i) ASSERT_GT(run(waits), 0);
  EXPECT_EQ(run(waits), BERTH_E_TOO_LARGE);
  EXPECT_EQ(tasks.end(host, 1), BERTH_OK);
  EXPECT_GT(run(waits), 0) << "those that have ended do not count";
  stop_all();
}

TEST_F(TaskSetTest, StopFindsThoseThatAreRunMeanwhileOrNone) {
  const Body child = [&](berth_task* task) { tasks.wait(task, -1); };
  const Body parent = [&](berth_task* task) {
    while (tasks.stopping(task) == 0) (void)run(child, "child");
    EXPECT_EQ(run(child), BERTH_E_STATE);
  };
  set.open();
  for (int i = 0; i < 3; ++i) ASSERT_GT(run(parent), 0);
  while (set.running().size() < 8) std::this_thread::yield();
  stop_all();
}

}  // namespace
}  // namespace berth::plugin
