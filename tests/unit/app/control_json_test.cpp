// The public format of what the control socket answers: golden files, and back again.
#include "app/control_json.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "support/fake_control.h"
#include "support/golden_text.h"

namespace berth::app {
namespace {

void expect_golden(const std::string& name, const std::string& json) {
  test::expect_golden(BERTH_TESTS_DIR, "app/" + name, json + "\n");
}

TEST(ControlJson, IsWhatTheGoldenFilesSay) {
  expect_golden("report.json", to_json(test::usual_report()));
  expect_golden("refused.json", to_json(test::refused_report()));
  expect_golden("status.json", to_json(test::usual_status()));
  expect_golden("generations.json", to_json(test::usual_generations()));
  expect_golden("holds.json", to_json(6, test::usual_generations()[1].holds));
  EXPECT_EQ(pin_json("hello", true), R"({"alias":"hello","pinned":true})");
  EXPECT_EQ(stop_json(), R"({"stopping":true})");
  EXPECT_EQ(error_json("no \"such\" thing"), R"({"error":"no \"such\" thing"})");
}

// As every member is written, the same text again means that every member was read.
TEST(ControlJson, WhatIsReadBackIsWrittenTheSame) {
  for (const ReloadReport& report :
       {test::usual_report(), test::refused_report(), ReloadReport()}) {
    const auto read = read_report(to_json(report));
    ASSERT_TRUE(read.ok()) << read.error().text;
    EXPECT_EQ(to_json(*read), to_json(report));
  }
  for (const ServerStatus& status : {test::usual_status(), ServerStatus()}) {
    const auto read = read_status(to_json(status));
    ASSERT_TRUE(read.ok()) << read.error().text;
    EXPECT_EQ(to_json(*read), to_json(status));
  }
  const auto generations = read_generations(to_json(test::usual_generations()));
  ASSERT_TRUE(generations.ok()) << generations.error().text;
  EXPECT_EQ(to_json(*generations), to_json(test::usual_generations()));
  const auto holds = read_holds(to_json(6, test::usual_generations()[1].holds));
  ASSERT_TRUE(holds.ok()) << holds.error().text;
  EXPECT_EQ(to_json(6, *holds), to_json(6, test::usual_generations()[1].holds));
  EXPECT_EQ(read_error(error_json("why")).value(), "why");
}

TEST(ControlJson, EveryOutcomeAndStateComesBack) {
  for (int i = 0; i <= static_cast<int>(PluginOutcome::kRemoved); ++i) {
    ReloadReport report = test::usual_report();
    report.plugins[0].outcome = static_cast<PluginOutcome>(i);
    EXPECT_EQ(read_report(to_json(report)).value().plugins[0].outcome, report.plugins[0].outcome);
  }
  for (int i = 0; i <= static_cast<int>(GenerationInfo::State::kStored); ++i) {
    ServerStatus status = test::usual_status();
    status.generation.state = static_cast<GenerationInfo::State>(i);
    EXPECT_EQ(read_status(to_json(status)).value().generation.state, status.generation.state);
  }
}

TEST(ControlJson, LargeNumbersAndAnyBytesSurvive) {
  ReloadReport report;
  report.generation = ~std::uint64_t{0};
  report.took = base::Duration::max();
  report.refused = std::string("a\0b\x1f\"\\/", 7) + "\xff" + "\xe2\x82\xac";
  const auto read = read_report(to_json(report));
  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_EQ(read->generation, report.generation);
  EXPECT_EQ(read->refused, std::string("a\0b\x1f\"\\/", 7) + "\xef\xbf\xbd" + "\xe2\x82\xac");
}

TEST(ControlJson, AnotherVersionsMembersAreNoObstacle) {
  const auto report = read_report(R"({"done":true,"generation":2,"later":{"deep":[1]}})");
  ASSERT_TRUE(report.ok()) << report.error().text;
  EXPECT_TRUE(report->done);
  EXPECT_EQ(report->generation, 2U);
  EXPECT_TRUE(report->plugins.empty());
}

TEST(ControlJson, WhatIsNotUnderstoodIsNamed) {
  struct Case {
    std::string_view json;
    std::string_view names;
  };
  const std::vector<Case> cases{
      {"", "end of text"},
      {"[]", "object"},
      {"{", "JSON"},
      {R"({"done":1})", "`done` is not true or false"},
      {R"({"done":"true"})", "`done` is not true or false"},
      {R"({"generation":"7"})", "`generation` is not a whole number"},
      {R"({"generation":1.5})", "`generation` is not a whole number"},
      {R"({"generation":-1})", "not understood"},
      {R"({"refused":5})", "`refused` is not text"},
      {R"({"plugins":{}})", "`plugins` is not a list"},
      {R"({"plugins":[1]})", "an object is expected"},
      {R"({"plugins":[{"outcome":"exploded"}]})", "\"exploded\" is a word of another version"},
      {R"({"routes":[{"change":"moved"}]})", "\"moved\" is a word of another version"},
  };
  for (const Case& row : cases) {
    const auto report = read_report(std::string(row.json));
    ASSERT_FALSE(report.ok()) << row.json;
    EXPECT_EQ(report.error().code, base::ErrorCode::kCorrupt);
    EXPECT_NE(report.error().text.find(row.names), std::string::npos)
        << row.json << " gives " << report.error().text;
  }
}

}  // namespace
}  // namespace berth::app
