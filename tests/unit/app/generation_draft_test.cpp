// What a generation takes over from the one that serves while it is made.
#include "app/generation_draft.h"

#include <chrono>
#include <string>

#include "generations.h"
#include "sched/learning.h"

namespace berth::app {
namespace {

using namespace std::chrono_literals;

class Draft : public Generations {
 protected:
  // Its first route has been found to block, its second one never to.
  Draft() {
    first_ = build(configuration("{}", route("/slow", "here") + route("/quick", "here")));
    for (int i = 0; i < 100; ++i) (void)first_->route(0).learning.record(1ms);
    for (int i = 0; i < 10'000; ++i) (void)first_->route(1).learning.record(0s);
    EXPECT_TRUE(first_->route(0).learning.offloaded());
    EXPECT_TRUE(first_->route(1).learning.settled());
  }
  [[nodiscard]] static std::string route(const std::string& path, const std::string& kind,
                                         const std::string& more = {}) {
    return "  - { pattern: \"GET " + path + "\", handler: app." + kind + more + " }\n";
  }
  [[nodiscard]] static bool knows_nothing(const sched::Learning& learning) {
    return !learning.offloaded() && !learning.settled() && learning.average() == 0s;
  }

  std::unique_ptr<Generation> first_;
};

TEST_F(Draft, ARouteBeginsWithWhatTheOneBeforeHasTaught) {
  // In another order, beside a route that is new, and in a new image of the plugin.
  const auto next =
      build(configuration("{ stays_while: \"\" }",
                          route("/new", "here") + route("/quick", "here") + route("/slow", "here")),
            first_.get());
  ASSERT_NE(next->plugins().front(), first_->plugins().front());
  EXPECT_TRUE(knows_nothing(next->route(0).learning));
  EXPECT_TRUE(next->route(1).learning.settled());
  EXPECT_TRUE(next->route(1).learning.proven());
  EXPECT_TRUE(next->route(2).learning.offloaded());
  EXPECT_EQ(next->route(2).learning.average(), first_->route(0).learning.average());
}

TEST_F(Draft, ARouteWithAnotherHandlerLearnsAnew) {
  const auto next =
      build(configuration("{}", route("/slow", "there") + route("/quick", "there")), first_.get());
  EXPECT_TRUE(knows_nothing(next->route(0).learning));
  EXPECT_TRUE(knows_nothing(next->route(1).learning));
}

TEST_F(Draft, WhatANewRouteLearnsTheOldOneDoesNot) {
  const auto next =
      build(configuration("{}", route("/slow", "here") + route("/quick", "here")), first_.get());
  for (int i = 0; i < 100; ++i) (void)next->route(1).learning.record(1ms);
  EXPECT_TRUE(next->route(1).learning.offloaded());
  EXPECT_FALSE(first_->route(1).learning.offloaded());
}

}  // namespace
}  // namespace berth::app
