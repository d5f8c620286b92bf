// The order of a plugin's life, and that nothing thrown in it leaves the plugin.
#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using berth::testing::Complaint;
using berth::testing::LogLine;
using berth::testing::map;
using berth::testing::Recorder;

std::vector<std::string> messages(const Recorder& recorder) {
  std::vector<std::string> all;
  for (const LogLine& line : recorder.log()) all.push_back(line.message);
  return all;
}

TEST(Lifecycle, RunsItsHooksInOrder) {
  Recorder recorder;
  ASSERT_TRUE(recorder.mount("mirror"));
  EXPECT_EQ(messages(recorder), std::vector<std::string>{});
  EXPECT_TRUE(recorder.self_test());
  EXPECT_TRUE(recorder.start(BERTH_START_RELOAD));
  ASSERT_EQ(recorder.log().size(), 2U);
  EXPECT_EQ(recorder.log()[1].fields[0].value, "1");
  recorder.stop();
  recorder.stop();
  EXPECT_EQ(messages(recorder), (std::vector<std::string>{"tested", "started", "stopped"}));
}

TEST(Lifecycle, IsNotStoppedWhereItDidNotStart) {
  Recorder recorder;
  recorder.plugin_config(map({{"fails", "true"}}));
  ASSERT_TRUE(recorder.mount("mirror"));
  EXPECT_FALSE(recorder.start());
  EXPECT_EQ(recorder.complaints(), (std::vector<Complaint>{{"", "port 1 is taken"}}));
  recorder.stop();
  EXPECT_EQ(messages(recorder), std::vector<std::string>{});
}

TEST(Plugin, SaysWhatItIs) {
  const Recorder recorder;
  EXPECT_STREQ(recorder.plugin().name, "everything");
  EXPECT_STREQ(recorder.plugin().version, "1.2.3");
  EXPECT_EQ(recorder.kinds(), (std::vector<std::string>{"mirror", "settings", "act"}));
  EXPECT_EQ(recorder.plugin().kind(99), nullptr);
  EXPECT_EQ(recorder.plugin().make_middleware, nullptr);
}

TEST(Plugin, IsRefusedByARecorderOfAnotherSdk) {
  static berth_plugin other = *berth_plugin_v0();
  other.abi_minor = BERTH_ABI_MINOR + 1;
  EXPECT_THROW(Recorder([]() -> const berth_plugin* { return &other; }), std::logic_error);
}

}  // namespace
