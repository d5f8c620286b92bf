// Config and its values, through the plugin's kind "settings".
#include <berth/testing.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace {

using berth::testing::Complaint;
using berth::testing::list;
using berth::testing::map;
using berth::testing::Node;
using berth::testing::Recorder;
using berth::testing::RequestSpec;

// What the plugin reads, or "AT: MESSAGE" of its complaint.
std::string read(Node config) {
  Recorder recorder;
  if (recorder.mount("settings", std::move(config), "/x")) {
    return recorder.serve(RequestSpec("GET", "/")).body;
  }
  if (recorder.complaints().size() != 1) return "no complaint";
  return recorder.complaints()[0].at + "| " + recorder.complaints()[0].message;
}
std::string read(const char* type, Node is) {
  return read(map({{"type", type}, {"is", std::move(is)}}));
}

// The Recorder's file is "test.yaml", so its folder is the working one.
TEST(Config, APathIsRelativeToItsFile) {
  EXPECT_EQ(read("path", "../www"), std::filesystem::current_path().string() + "/../www");
  EXPECT_EQ(read("path", ""), "is| is: expected a path, not nothing");
}

struct Row {
  const char* type;
  Node is;
  const char* result;
};

TEST(Config, ReadsWhatIsSpeltRight) {
  const Row rows[] = {
      {"string", "a b", "a b"},
      {"string", "", ""},
      {"string", "8080", "8080"},
      {"bool", "true", "yes"},
      {"bool", "false", "no"},
      {"int64", "-9223372036854775808", "-9223372036854775808"},
      {"int64", "0", "0"},
      {"uint16", "65535", "65535"},
      {"double", "-1.5", "-1.500000"},
      {"double", "2e3", "2000.000000"},
      {"double", "0.25", "0.250000"},
      {"duration", "500ms", "500000000"},
      {"duration", "10s", "10000000000"},
      {"duration", "1h2m3s4ms", "3723004000000"},
      {"duration", "0s", "0"},
      {"bytes", "512B", "512"},
      {"bytes", "64KiB", "65536"},
      {"bytes", "2GiB", "2147483648"},
      {"bytes", "1TiB", "1099511627776"},
      {"path", "/srv/www", "/srv/www"},
      {"fallback", "7", "7"},
      {"optional", "7", "there"},
      {"list", list({"1", "2"}), "1;2;"},
      {"list", list({}), ""},
      {"map", map({{"b", "1"}, {"a.c", "2"}}), "a.c:2;b:1;"},
      {"nested", list({map({{"limits", map({{"port", "80"}})}})}), "80;"},
      {"kind", "", "settings at /x"},
      {"position", "x", "|test.yaml:1:1: is: never mind"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(read(row.type, row.is), row.result) << row.type << " " << row.is.text();
  }
}

TEST(Config, ComplainsAboutTheRestAtItsPlace) {
  const Row rows[] = {
      {"string", list({}), "is| is: expected a string, not a list"},
      {"string", map({}), "is| is: expected a string, not a map"},
      {"bool", "yes", "is| is: expected true or false, not \"yes\""},
      {"bool", "True", "is| is: expected true or false, not \"True\""},
      {"uint16", "65536", "is| is: expected an integer from 0 to 65535, not \"65536\""},
      {"uint16", "-1", "is| is: expected an integer from 0 to 65535, not \"-1\""},
      {"uint16", "010", "is| is: expected an integer from 0 to 65535, not \"010\""},
      {"uint16", "+1", "is| is: expected an integer from 0 to 65535, not \"+1\""},
      {"uint16", "", "is| is: expected an integer from 0 to 65535, not \"\""},
      {"uint16", list({}), "is| is: expected an integer from 0 to 65535, not a list"},
      {"double", "1.", "is| is: expected a number, not \"1.\""},
      {"double", ".5", "is| is: expected a number, not \".5\""},
      {"double", "nan", "is| is: expected a number, not \"nan\""},
      {"double", "inf", "is| is: expected a number, not \"inf\""},
      {"double", "01.5", "is| is: expected a number, not \"01.5\""},
      {"double", "1e999", "is| is: expected a number, not \"1e999\""},
      {"double", "-", "is| is: expected a number, not \"-\""},
      {"duration", "10", "is| is: expected a duration such as 500ms, 10s or 1m30s, not \"10\""},
      {"duration", "1s1m", "is| is: expected a duration such as 500ms, 10s or 1m30s, not \"1s1m\""},
      {"duration", "1s1s", "is| is: expected a duration such as 500ms, 10s or 1m30s, not \"1s1s\""},
      {"duration", "-1s", "is| is: expected a duration such as 500ms, 10s or 1m30s, not \"-1s\""},
      {"duration", "9999999h",
       "is| is: expected a duration such as 500ms, 10s or 1m30s, not \"9999999h\""},
      {"bytes", "64", "is| is: expected a size such as 512B, 64KiB, 1MiB or 2GiB, not \"64\""},
      {"bytes", "64KB", "is| is: expected a size such as 512B, 64KiB, 1MiB or 2GiB, not \"64KB\""},
      {"bytes", "8388608TiB",
       "is| is: expected a size such as 512B, 64KiB, 1MiB or 2GiB, not \"8388608TiB\""},
      {"fallback", "x", "is| is: expected an integer from -2147483648 to 2147483647, not \"x\""},
      {"list", "1", "is| is: expected a list"},
      {"list", list({"1", "x"}),
       "is[1]| is[1]: expected an integer from -2147483648 to 2147483647, not \"x\""},
      {"map", list({}), "is| is: expected a map"},
      {"map", map({{"a", "x"}}),
       "is.a| is.a: expected an integer from -2147483648 to 2147483647, not \"x\""},
      {"nested", list({map({{"limits", map({})}})}),
       "is[0].limits| is[0].limits.port: missing; expected an integer from -2147483648 to "
       "2147483647"},
      {"nested", list({map({})}),
       "is[0]| is[0].limits.port: missing; expected an integer from -2147483648 to 2147483647"},
      {"throw", "", "| no such file"},
      {"throw int", "", "| an exception that is no std::exception"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(read(row.type, row.is), row.result) << row.type << " " << row.is.text();
  }
}

TEST(Config, ComplainsAboutAMissingKeyAtItsMap) {
  EXPECT_EQ(read(map({})), "| is: missing; expected a string");
  EXPECT_EQ(read(map({{"type", "list"}})), "| is: missing; expected a list");
}

TEST(Config, FallsBackOnlyWhereTheKeyIsAbsent) {
  EXPECT_EQ(read(map({{"type", "fallback"}})), "42");
  EXPECT_EQ(read(map({{"type", "optional"}})), "absent");
}

TEST(Config, ReachesThePluginsOwn) {
  Recorder recorder;
  recorder.plugin_config(map({{"is", "shared"}}));
  ASSERT_TRUE(recorder.mount("settings", map({{"type", "plugin"}})));
  EXPECT_EQ(recorder.serve(RequestSpec("GET", "/")).body, "shared");
  recorder.plugin_config(map({{"is", list({})}}));
  EXPECT_FALSE(recorder.mount("settings", map({{"type", "plugin"}})));
  EXPECT_EQ(recorder.complaints(),
            (std::vector<Complaint>{{"is", "is: expected a string, not a list"}}));
}

}  // namespace
