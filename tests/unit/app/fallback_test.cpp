// Who answers a route with a fallback, and what of it leaves with which plugin.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "app/closed_handler.h"
#include "app/crash_ledger.h"
#include "app/poison_handler.h"
#include "app/route_changes.h"
#include "generations.h"
#include "plugin/plugin_handler.h"

namespace berth::app {
namespace {

using namespace std::chrono_literals;

constexpr const char* kWithFallback =
    "  - { pattern: \"GET /\", handler: app.here, fallback: spare.there }\n";

class Fallback : public Generations {
 protected:
  Fallback() {
    auto ledger = CrashLedger::open(path("crashes"));
    EXPECT_TRUE(ledger.ok());
    ledger_.emplace(std::move(*ledger));
  }

  // Two plugins of one file. `more`: further keys of the plugin app.
  [[nodiscard]] config::Configuration two(const std::string& routes,
                                          const std::string& more = {}) const {
    const std::string file = "{ file: \"" + path("departing.so") + "\"";
    auto loaded = config::load_text(
        "berth.yaml", "listen:\n  - { name: public, address: \"127.0.0.1:0\" }\nplugins:\n  app: " +
                          file + more + " }\n  spare: " + file + " }\n  gone: { file: \"" +
                          path("gone.so") + "\", on_failure: 503 }\nroutes:\n" + routes);
    EXPECT_TRUE(loaded.configuration.has_value()) << loaded.diagnostics.render();
    return std::move(*loaded.configuration);
  }
  // Null: `said_` has what was wrong.
  [[nodiscard]] std::unique_ptr<Generation> make(config::Configuration configuration,
                                                 const Generation* running = nullptr) {
    config::Diagnostics diagnostics("berth.yaml", "");
    BuildOptions options{.context = *context_, .sink = *sink_, .clock = clock_};
    options.number = running == nullptr ? 1 : running->number() + 1;
    options.running = running;
    options.crashes = &*ledger_;
    options.probe = [this](const config::Plugin& plugin, const plugin::PluginFile&) {
      probed_.push_back(plugin.alias);
      return base::Status<plugin::Findings>(base::done());
    };
    probed_.clear();
    GenerationDraft draft(std::move(configuration), options, diagnostics);
    auto generation = draft.load(diagnostics);
    said_ = diagnostics.render();
    return generation;
  }
  void crash(const std::string& alias, int times, const std::string& target = {}) {
    const auto generation = make(two(kWithFallback));
    const std::string image = generation->plugins().front()->image().build_id();
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(ledger_
                      ->append({.time = 1000,
                                .alias = alias,
                                .image = image,
                                .fingerprint = target.empty() ? 0 : fingerprint_of("GET", target),
                                .pattern = "GET /"})
                      .ok());
    }
  }
  // The kind of the plugin's handler that answers, "503", or "poison" for one with a guard.
  [[nodiscard]] static std::string who(const Generation& generation, std::size_t index = 0) {
    const serve::Handler* const handler = generation.route(index).handler;
    if (dynamic_cast<const ClosedHandler*>(handler) != nullptr) return "503";
    if (dynamic_cast<const PoisonHandler*>(handler) != nullptr) return "poison";
    return dynamic_cast<const plugin::PluginHandler&>(*handler).kind();
  }

  std::optional<CrashLedger> ledger_;
  std::string said_;
  std::vector<std::string> probed_;
};

TEST_F(Fallback, DoesNotAnswerWhileThePluginServes) {
  const auto generation = make(two(kWithFallback));
  ASSERT_NE(generation, nullptr) << said_;
  EXPECT_EQ(who(*generation), "here");
  EXPECT_FALSE(generation->falls_back(0));
  EXPECT_TRUE(generation->involves(0, "app"));
  EXPECT_FALSE(generation->involves(0, "spare"));
}

TEST_F(Fallback, AnswersInPlaceOfAPluginInQuarantineUntilItIsReleased_L22) {
  crash("app", 3);
  const std::string without = "  - { pattern: \"GET /without\", handler: app.here }\n";
  const auto closed = make(two(kWithFallback + without));
  ASSERT_NE(closed, nullptr) << said_;
  EXPECT_EQ(who(*closed, 0), "there");
  EXPECT_EQ(who(*closed, 1), "503");
  EXPECT_TRUE(closed->falls_back(0));
  EXPECT_FALSE(closed->falls_back(1));
  EXPECT_FALSE(closed->involves(0, "app"));
  EXPECT_TRUE(closed->involves(0, "spare"));
  EXPECT_NE(closed->share("spare"), nullptr) << "its calls are on the threads of its plugin";
  EXPECT_NE(said_.find("so its routes answer 503, or their fallback answers"), std::string::npos)
      << said_;
  // What makes no difference to it leaves it as it is.
  const auto again = make(two(kWithFallback), closed.get());
  ASSERT_NE(again, nullptr) << said_;
  EXPECT_EQ(who(*again), "there");
  EXPECT_EQ(again->plugin("spare"), closed->plugin("spare"));
  ASSERT_TRUE(
      ledger_->append({.kind = LedgerEntry::Kind::kRelease, .time = 1001, .alias = "app"}).ok());
  const auto released = make(two(kWithFallback), again.get());
  ASSERT_NE(released, nullptr) << said_;
  EXPECT_EQ(who(*released), "here");
  EXPECT_FALSE(released->falls_back(0));
}

TEST_F(Fallback, ThatIsInQuarantineItselfIsA503AndNoneWhileTheHandlerServes_L22) {
  crash("spare", 3);
  const auto serving = make(two(kWithFallback));
  ASSERT_NE(serving, nullptr) << said_;
  EXPECT_EQ(who(*serving), "here");
  crash("app", 3);
  const auto closed = make(two(kWithFallback));
  ASSERT_NE(closed, nullptr) << said_;
  EXPECT_EQ(who(*closed), "503");
  EXPECT_FALSE(closed->falls_back(0));
}

TEST_F(Fallback, AnswersInPlaceOfAPluginThatOnFailureLeavesOut) {
  const auto generation =
      make(two("  - { pattern: \"GET /\", handler: gone.any, fallback: spare.there }\n"));
  ASSERT_NE(generation, nullptr) << said_;
  EXPECT_EQ(who(*generation), "there");
  EXPECT_NE(said_.find("its routes answer 503, or their fallback answers, as on_failure says"),
            std::string::npos)
      << said_;
}

TEST_F(Fallback, StandsBehindTheMiddlewareOfTheRoute) {
  crash("app", 3);
  const auto generation = make(two(
      "  - { pattern: \"GET /\", handler: app.here, with: [gone.gate], fallback: spare.there }\n"));
  ASSERT_NE(generation, nullptr) << said_;
  EXPECT_EQ(who(*generation), "503");
  EXPECT_FALSE(generation->falls_back(0));
}

TEST_F(Fallback, ThatIsWrongIsRefusedBeforeItIsNeeded) {
  EXPECT_EQ(make(two("  - { pattern: \"GET /\", handler: app.here, fallback: spare.ther }\n")),
            nullptr);
  EXPECT_NE(said_.find("plugin \"spare\" has no handler \"ther\" (did you mean \"spare.there\"?)"),
            std::string::npos)
      << said_;
}

TEST_F(Fallback, IsProbedWithItsPluginAndNotOnceItIsMade) {
  const std::string routes = "  - { pattern: \"GET /\", handler: app.here }\n";
  const auto first = make(two(routes));
  const auto second = make(two(kWithFallback), first.get());
  ASSERT_NE(second, nullptr) << said_;
  EXPECT_EQ(probed_, std::vector<std::string>{"spare"});
  const auto third = make(two(kWithFallback), second.get());
  ASSERT_NE(third, nullptr) << said_;
  EXPECT_TRUE(probed_.empty());
}

TEST_F(Fallback, RefusesTheRequestsThatCrashedItAndNotThoseThatCrashedTheHandler_L23) {
  crash("spare", 2, "/bad");
  EXPECT_EQ(who(*make(two(kWithFallback))), "here");
  crash("app", 3, "/bad");
  EXPECT_EQ(who(*make(two(kWithFallback))), "poison");
  ASSERT_TRUE(
      ledger_->append({.kind = LedgerEntry::Kind::kRelease, .time = 1001, .alias = "spare"}).ok());
  EXPECT_EQ(who(*make(two(kWithFallback))), "there");
}

TEST_F(Fallback, LearnsForItself) {
  const auto serving = make(two(kWithFallback));
  for (int i = 0; i < 100; ++i) (void)serving->route(0).learning.record(1ms);
  ASSERT_TRUE(serving->route(0).learning.offloaded());
  crash("app", 3);
  const auto closed = make(two(kWithFallback), serving.get());
  ASSERT_EQ(who(*closed), "there");
  EXPECT_FALSE(closed->route(0).learning.offloaded());
  for (int i = 0; i < 100; ++i) (void)closed->route(0).learning.record(1ms);
  EXPECT_TRUE(make(two(kWithFallback), closed.get())->route(0).learning.offloaded());
}

TEST_F(Fallback, LeavesWithItsPluginAndTheHandlerWithItsOwn) {
  for (const std::string first : {"app", "spare"}) {
    const auto generation = make(two(kWithFallback));
    for (const std::string& alias : {first, std::string(first == "app" ? "spare" : "app")}) {
      Generation::Released released = generation->release(alias);
      ASSERT_EQ(released.answers.size(), 1U) << alias;
      EXPECT_EQ(released.answers.front().handler != nullptr, alias == "app");
      EXPECT_EQ(released.answers.front().spare != nullptr, alias == "spare");
      released.answers.clear();
      EXPECT_TRUE(released.plugin->stop());
      EXPECT_TRUE(released.plugin->unload().left) << alias;
    }
  }
}

TEST_F(Fallback, ThatChangesIsAChangeOfItsRoute) {
  const auto what = [&](const std::string& before, const std::string& next,
                        const std::set<std::string>& reloaded = {}) {
    const auto route = [](const std::string& fallback) {
      return "  - { pattern: \"GET /\", handler: app.here" + fallback + " }\n";
    };
    const auto changes = route_changes(two(route(before)), two(route(next)), reloaded);
    return changes.empty() ? std::vector<std::string>() : changes.front().what;
  };
  const std::string there = ", fallback: spare.there";
  using Texts = std::vector<std::string>;
  EXPECT_EQ(what(there, there), Texts());
  EXPECT_EQ(what(there, ", fallback: { handler: spare.there, config: {} }"), Texts{"fallback"});
  EXPECT_EQ(what(there, ", fallback: spare.here"), Texts{"fallback"});
  EXPECT_EQ(what(there, ""), Texts{"fallback"});
  EXPECT_EQ(what("", there), Texts{"fallback"});
  EXPECT_EQ(what(there, there, {"spare"}), Texts{"plugin"});
}

}  // namespace
}  // namespace berth::app
