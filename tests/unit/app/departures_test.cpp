// With a plugin whose task and whose on_stop last until a test ends them, and a clock that the test
// sets.
#include "app/departures.h"

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "generations.h"

namespace berth::app {
namespace {

using namespace std::chrono_literals;

class Departing : public Generations {
 protected:
  // config: of the plugin, in braces.
  void serve(const std::string& config) {
    generation_ = build(configuration(config, kRoute));
    server_ = server_of(*generation_);
    plugin_ = generation_->plugin("app");
    departures_.emplace(*server_, *log_, clock_);
    ASSERT_TRUE(generation_->start(plugin::StartPhase::kFirst).ok());
  }
  [[nodiscard]] std::string file(const std::string& key, const std::string& name) const {
    return key + ": \"" + path(name) + "\"";
  }
  // REQUIRES: nothing keeps its task.
  void wait_for_its_task() const {
    while (!plugin_->tasks().running().empty()) std::this_thread::yield();
  }
  // Whether nothing is left after a try.
  [[nodiscard]] bool try_again_after(base::Duration pause) {
    clock_.advance(pause);
    return departures_->advance();
  }

  std::unique_ptr<Generation> generation_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<plugin::Plugin> plugin_;
  std::optional<Departures> departures_;
};

constexpr const char* kStays = "a replaced plugin stays in memory for now";
constexpr const char* kLeft = "a replaced plugin has left memory";

TEST_F(Departing, WhatLeavesWithinSecondsIsNoLineOfTheLog) {
  write("task");
  serve("{ " + file("stays_while", "task") + " }");
  departures_->begin(generation_->release("app"), 1);
  EXPECT_FALSE(try_again_after(1s));
  EXPECT_EQ(departures_->retired(), 0U);
  EXPECT_TRUE(departures_->has(1));
  remove("task");
  wait_for_its_task();
  EXPECT_TRUE(try_again_after(1s));
  EXPECT_FALSE(departures_->has(1));
  EXPECT_EQ(logged().find(kStays), std::string::npos) << logged();
  EXPECT_EQ(logged().find(kLeft), std::string::npos) << logged();
}

TEST_F(Departing, WhatStaysForLongerIsToldOnceAndCountedUntilItHasLeft) {
  write("task");
  serve("{ " + file("stays_while", "task") + " }");
  departures_->begin(generation_->release("app"), 1);
  for (int i = 0; i < 5; ++i) {
    EXPECT_FALSE(try_again_after(1min));
    EXPECT_EQ(departures_->retired(), 1U);
  }
  const std::vector<Hold> holds = departures_->holds(1);
  ASSERT_EQ(holds.size(), 1U);
  EXPECT_EQ(holds.front().kind + " " + holds.front().what, "task stay");
  EXPECT_EQ(holds.front().plugin, "app");
  EXPECT_EQ(holds.front().age, 5min);
  remove("task");
  wait_for_its_task();
  EXPECT_TRUE(try_again_after(1min));
  EXPECT_EQ(departures_->retired(), 0U);
  const std::string log = logged();
  const std::size_t told = log.find(kStays);
  ASSERT_NE(told, std::string::npos) << log;
  EXPECT_EQ(log.find(kStays, told + 1), std::string::npos) << log;
  EXPECT_NE(log.find(kLeft, told), std::string::npos) << log;
}

TEST_F(Departing, AnImageIsSeenWhileItsPluginIsBeingStopped) {
  write("stop");
  serve("{ " + file("stops_while", "stop") + ", " + file("stopping", "stopping") + " }");
  std::thread control([this] { departures_->begin(generation_->release("app"), 1); });
  wait_for("stopping");
  EXPECT_TRUE(departures_->has(1));
  const std::vector<Hold> holds = departures_->holds(1);
  EXPECT_EQ(holds.size(), 1U);
  for (const Hold& hold : holds) EXPECT_EQ(hold.kind + " " + hold.plugin, "image app");
  remove("stop");
  control.join();
  EXPECT_TRUE(departures_->advance());
  EXPECT_FALSE(departures_->has(1));
}

TEST_F(Departing, AnImageIsSeenAndCountedWhileItIsTriedAgain) {
  write("task");
  write("stop");
  serve("{ " + file("stays_while", "task") + ", " + file("stops_while", "stop") + ", " +
        file("stopping", "stopping") + " }");
  departures_->begin(generation_->release("app"), 1);
  EXPECT_FALSE(try_again_after(1min));
  EXPECT_EQ(departures_->retired(), 1U);
  remove("task");
  wait_for_its_task();
  std::thread control([this] { EXPECT_TRUE(try_again_after(1min)); });
  wait_for("stopping");
  EXPECT_TRUE(departures_->has(1));
  EXPECT_EQ(departures_->retired(), 1U);
  EXPECT_EQ(departures_->holds(1).size(), 1U);
  remove("stop");
  control.join();
  EXPECT_FALSE(departures_->has(1));
  EXPECT_EQ(departures_->retired(), 0U);
}

// Between the look at its tasks and the one at what else keeps it.
TEST_F(Departing, ATaskThatEndsWhileItsPluginIsTriedDoesNotTakeItsStopAway) {
  for (int i = 0; i < 10; ++i) {
    write("task");
    serve("{ " + file("stays_while", "task") + ", " + file("stops_while", "none") + ", " +
          file("stopping", "stopping") + " }");
    departures_->begin(generation_->release("app"), 1);
    std::thread release([this] { remove("task"); });
    while (!try_again_after(1min)) {
    }
    release.join();
    EXPECT_TRUE(std::filesystem::exists(path("stopping")));
    remove("stopping");
    plugin_.reset();
  }
}

}  // namespace
}  // namespace berth::app
