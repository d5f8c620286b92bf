#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace {

using berth::testing::Complaint;
using berth::testing::Node;
using berth::testing::RecordedResponse;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

TEST(Hello, GreetsTheWorldWhereThePatternHasNoName) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("hello"));
  const RecordedResponse response = recorder.serve(RequestSpec("GET", "/hello"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello, world\n");
  EXPECT_EQ(response.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(recorder.misuse(), std::vector<std::string>{});
}

TEST(Hello, GreetsWhoIsNamed) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("hello"));
  const RecordedResponse response =
      recorder.serve(RequestSpec("GET", "/hello/bob").path_value("name", "bob"));
  EXPECT_EQ(response.body, "hello, bob\n");
}

TEST(Hello, GreetsAsConfigured) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("hello", berth::testing::map({{"greeting", "good morning"}})));
  EXPECT_EQ(recorder.serve(RequestSpec("GET", "/")).body, "good morning, world\n");
}

TEST(Hello, KeepsTheBrowserFromTakingANameForAPage) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("hello"));
  const RecordedResponse response =
      recorder.serve(RequestSpec("GET", "/").path_value("name", "<script>"));
  EXPECT_EQ(response.body, "hello, <script>\n");
}

TEST(Hello, RefusesAGreetingThatIsNoString) {
  Recorder recorder;
  EXPECT_FALSE(
      recorder.mount("hello", berth::testing::map({{"greeting", berth::testing::list({"a"})}})));
  const std::vector<Complaint> expected{{"greeting", "greeting: expected a string, not a list"}};
  EXPECT_EQ(recorder.complaints(), expected);
}

TEST(Hello, RefusesAMisspeltKeyAtItsPlace) {
  Recorder recorder;
  EXPECT_FALSE(recorder.mount("hello", berth::testing::map({{"greting", "hi"}})));
  const std::vector<Complaint> expected{
      {"(key) greting", "unknown key \"greting\" (did you mean \"greeting\"?)"}};
  EXPECT_EQ(recorder.complaints(), expected);
}

TEST(Hello, HasOneKind) {
  const Recorder recorder;
  EXPECT_EQ(recorder.kinds(), std::vector<std::string>{"hello"});
  EXPECT_STREQ(recorder.plugin().name, "hello");
}

}  // namespace
