// What the verbs print: tests/golden/control.
#include "cli/report_text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/fake_control.h"
#include "support/golden_text.h"

namespace berth::cli {
namespace {

using namespace std::chrono_literals;

void expect_golden(const std::string& name, const std::string& text) {
  test::expect_golden(BERTH_TESTS_DIR, "control/" + name, text);
}

TEST(ReportText, AReload) {
  expect_golden("reload.expected", report_text(test::usual_report(), Colour::kNever));
  expect_golden("reload-colours.expected", report_text(test::usual_report(), Colour::kAlways));
  app::ReloadReport plan = test::usual_report();
  plan.dry_run = true;
  expect_golden("plan.expected", report_text(plan, Colour::kNever));
  EXPECT_EQ(refusal_text(test::usual_report()),
            "berth.yaml:3:5: warning: the plugin \"idle\" is used by no route\n");
}

TEST(ReportText, EveryOutcomeOfAPlugin) {
  app::ReloadReport report = test::usual_report();
  report.origin = "rollback to 3";
  report.routes.clear();
  report.plugins.resize(1);
  report.plugins[0].unload_blockers.clear();
  for (int i = 1; i <= static_cast<int>(app::PluginOutcome::kRemoved); ++i) {
    app::PluginReport plugin;
    plugin.alias = "plugin" + std::to_string(i);
    plugin.outcome = static_cast<app::PluginOutcome>(i);
    plugin.build_id = i % 2 == 0 ? "1234567890" : "";
    plugin.previous_build_id = "1234567890";
    plugin.took = 1ms * i;
    if (plugin.outcome >= app::PluginOutcome::kLastGood) plugin.reason = "because\x1b of it";
    report.plugins.push_back(plugin);
  }
  expect_golden("outcomes.expected", report_text(report, Colour::kNever));
}

TEST(ReportText, WithoutAnyChange) {
  app::ReloadReport report;
  report.done = true;
  report.generation = report.previous = 6;
  report.took = 2600us;
  report.plugins = {test::usual_report().plugins[1]};
  EXPECT_EQ(report_text(report, Colour::kNever),
            "nothing has changed: generation 6 serves on, 3 ms\n  kept  1 plugin\n");
  EXPECT_EQ(refusal_text(report), "");
}

TEST(ReportText, ARefusal) {
  app::ReloadReport report = test::refused_report();
  expect_golden("refused.expected", refusal_text(report));
  report.diagnostics.clear();
  EXPECT_EQ(refusal_text(report),
            "/srv/hello.so: error: it is truncated\n"
            "berth: error: the reload was refused: the plugin \"hello\" does not load; generation "
            "6 serves on\n");
  report.origin = "rollback to 3";
  report.dry_run = true;
  report.plugins.clear();
  report.refused = "\x1b[2J";
  EXPECT_EQ(refusal_text(report),
            "berth: error: the rollback would be refused: \\u{1b}[2J; generation 6 serves on\n");
}

TEST(ReportText, TheStatus) {
  const std::int64_t now = 1767319445 + 2 * 3600 + 5 * 60 + 7;
  expect_golden("status.expected", status_text(test::usual_status(), now, Colour::kNever));
  app::ServerStatus status = test::usual_status();
  status.stopping = true;
  status.last_good_because = "/srv/shop.so is truncated";
  status.draining.clear();
  status.retired_images = 0;
  status.generation.plugins.clear();
  status.listeners.clear();
  expect_golden("status-troubled.expected", status_text(status, now, Colour::kAlways));
}

TEST(ReportText, TheStatusSaysWhereToAskAndDoesNotShowDigests) {
  app::ServerStatus status = test::usual_status();
  status.draining.front().holds.clear();
  status.generation.plugins.front().file = "/state/images/" + std::string(64, 'a') + ".so";
  const std::string text = status_text(status, status.started_at, Colour::kNever);
  EXPECT_NE(text.find("draining       6: see berth generations --why 6\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("hello  1.2.0  build 3f2a91c0  as it was kept\n"), std::string::npos) << text;
}

TEST(ReportText, Generations) {
  expect_golden("generations.expected", generations_text(test::usual_generations()));
}

TEST(ReportText, Holds) {
  expect_golden("holds.expected", holds_text(6, test::usual_generations()[1].holds));
  EXPECT_EQ(holds_text(5, {}), "nothing holds generation 5\n");
}

TEST(ReportText, AgesAreRough) {
  struct Case {
    base::Duration age;
    const char* text;
  };
  for (const auto& [age, text] :
       {Case{0ms, "0 ms"}, Case{999ms, "999 ms"}, Case{1s, "1s"}, Case{59s, "59s"}, Case{60s, "1m"},
        Case{61s, "1m1s"}, Case{3600s, "1h"}, Case{3661s, "1h1m"}, Case{3605s, "1h"},
        Case{90000s, "1d1h"}, Case{86400s * 12 + 59s, "12d"}}) {
    const std::string shown =
        holds_text(1, {{.kind = "task", .plugin = {}, .what = {}, .age = age}});
    EXPECT_TRUE(shown.ends_with(std::string("  ") + text + "\n")) << shown << text;
  }
}

}  // namespace
}  // namespace berth::cli
