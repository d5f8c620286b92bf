#include "app/control_request.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth::app {
namespace {

constexpr ControlMembers kReload{.dry_run = true};
constexpr ControlMembers kRollback{.dry_run = true, .to = true};

TEST(ControlRequest, WhatABodyMaySay) {
  EXPECT_FALSE(read_control_request("", kReload).value().dry_run);
  EXPECT_FALSE(read_control_request("{}", kReload).value().dry_run);
  EXPECT_FALSE(read_control_request(R"({"dry_run":false})", kReload).value().dry_run);
  EXPECT_TRUE(read_control_request(" {\n \"dry_run\" : true } ", kReload).value().dry_run);
  const auto both =
      read_control_request(R"({"to":18446744073709551615,"dry_run":true})", kRollback);
  EXPECT_TRUE(both.value().dry_run);
  EXPECT_EQ(both.value().to, ~std::uint64_t{0});
  EXPECT_EQ(read_control_request(R"({"to":3})", kRollback).value().to, 3U);
  EXPECT_EQ(read_control_request("{}", kRollback).value().to, std::nullopt);
}

TEST(ControlRequest, WhatIsRefusedAndHow) {
  struct Case {
    std::string body;
    std::string_view names;
  };
  const std::vector<Case> cases{
      {"dry_run", "no JSON"},
      {"{", "no JSON"},
      {"{} {}", "no JSON"},
      {"{}x", "no JSON"},
      {R"({"dry_run":true,})", "no JSON"},
      {R"({'dry_run':true})", "no JSON"},
      {"// c\n{}", "no JSON"},
      {R"({"dry_run":True})", "no JSON"},
      {R"({"to":01})", "\"to\" is the number of a generation"},
      {R"({"to":99999999999999999999})", "no JSON"},
      {R"({"to":1e999})", "no JSON"},
      {"null", "not an object"},
      {"true", "not an object"},
      {"1", "not an object"},
      {"\"dry_run\"", "not an object"},
      {"[]", "not an object"},
      {R"([{"dry_run":true}])", "not an object"},
      {std::string(60'000, '['), "not an object"},
      {std::string(60'000, '{'), "no JSON"},
      {R"({"dryrun":true})", "unknown member \"dryrun\"; this takes \"to\" and \"dry_run\""},
      {R"({"dry_run":true,"dry_run":false})", "\"dry_run\" stands twice"},
      {R"({"dry_run":"true"})", "\"dry_run\" is true or false"},
      {R"({"dry_run":1})", "\"dry_run\" is true or false"},
      {R"({"dry_run":null})", "\"dry_run\" is true or false"},
      {R"({"dry_run":{}})", "\"dry_run\" is true or false"},
      {R"({"to":0})", "\"to\" is the number of a generation"},
      {R"({"to":-3})", "\"to\" is the number of a generation"},
      {R"({"to":3.0})", "\"to\" is the number of a generation"},
      {R"({"to":"3"})", "\"to\" is the number of a generation"},
      {R"({"to":[3]})", "\"to\" is the number of a generation"},
      {"{\"\x1b[31m\":1}", "no JSON"},
      {"{\"\xe2\x80\xae\":1}", "unknown member \"\\u{202e}\""},
  };
  for (const Case& row : cases) {
    const auto request = read_control_request(row.body, kRollback);
    ASSERT_FALSE(request.ok()) << row.body.substr(0, 60);
    EXPECT_EQ(request.error().code, base::ErrorCode::kInvalidArgument);
    EXPECT_NE(request.error().text.find(row.names), std::string::npos)
        << row.body.substr(0, 60) << " gives " << request.error().text;
  }
}

TEST(ControlRequest, AQuestionTakesOnlyItsOwnMembers) {
  EXPECT_EQ(read_control_request(R"({"to":3})", kReload).error().text,
            "unknown member \"to\"; this takes \"dry_run\"");
  EXPECT_EQ(read_control_request(R"({"dry_run":true})", {}).error().text,
            "unknown member \"dry_run\"; this takes none");
}

}  // namespace
}  // namespace berth::app
