// A plugin is loaded in a process of its own first: what it does there is told and costs nothing.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "e2e/host.h"

namespace berth::e2e {
namespace {

struct Row {
  std::string plugin;
  std::string told;  // part of the one line about it
};

std::string file_of(const std::string& plugin) {
  return std::string(BERTH_BAD_PLUGINS_DIR) + "/" + plugin + ".so";
}

// A configuration with one route for each.
std::string configuration(const std::vector<Row>& rows) {
  std::string plugins, routes;
  for (const Row& row : rows) {
    plugins += "  " + row.plugin + ": { file: " + file_of(row.plugin) + " }\n";
    routes += "  - { pattern: \"GET /" + row.plugin + "\", handler: " + row.plugin + " }\n";
  }
  return "listen: [{ name: a, address: \"127.0.0.1:0\" }]\ntimeouts: { probe: 5s }\nplugins:\n" +
         plugins + "routes:\n" + routes;
}

void expect_each_told(const std::vector<Row>& rows) {
  const Folder folder;
  folder.write("berth.yaml", configuration(rows));
  ChildOptions options = folder.child_options();
  // The signals are to be the kernel's, not a sanitizer's.
  options.environment["ASAN_OPTIONS"] = "handle_segv=0:handle_abort=0";
  options.environment["TSAN_OPTIONS"] = "handle_segv=0:handle_abort=0";
  const Outcome outcome = run({BERTH_PROGRAM, "validate"}, options);
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  std::size_t line = 4;
  for (const Row& row : rows) {
    // At its file, whatever became of the others.
    const std::string place =
        "berth.yaml:" + std::to_string(line++) + ":" + std::to_string(row.plugin.size() + 13);
    EXPECT_NE(outcome.err.find(place + ": error: plugin \"" + row.plugin + "\""), std::string::npos)
        << outcome.err;
    EXPECT_NE(outcome.err.find(row.told), std::string::npos) << row.told << " in\n" << outcome.err;
  }
}

TEST(Probe, APluginThatEndsTheProcessWhileItIsLoadedIsTold_F52) {
  expect_each_told({
      {"bad_load_crash", "crashed: Segmentation fault, while it was loaded"},
      {"bad_load_leave", "ended itself with exit code 7, while it was loaded"},
      {"bad_self_test_crash", "crashed: Aborted, while it tested itself (self_test)"},
      {"bad_self_test_leave", "ended itself with exit code 0, while it tested itself (self_test)"},
      {"bad_self_test_refuse", "is not fit to serve: the model has 3 layers, not 4"},
  });
}

TEST(Probe, APluginThatNeverReturnsIsEndedInTime_F64) {
  expect_each_told({
      {"bad_load_hang", "did not come to an end within 5 s, while it was loaded"},
      {"bad_self_test_hang",
       "did not come to an end within 5 s, while it tested itself (self_test)"},
  });
}

TEST(Probe, OneThatIsFitIsFit) {
  const Folder folder;
  folder.write("berth.yaml", configuration({{"bad_load_start_thread", ""}}));
  const Outcome outcome = berth(folder, {"validate"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
}

TEST(Probe, ThatEndsTheProcessItWasForkedFromIsToldAndOthersAreStillProbed) {
  const Folder folder;
  folder.write(
      "berth.yaml",
      "listen: [{ name: a, address: \"127.0.0.1:0\" }]\nplugins:\n"
      "  first: { file: " BERTH_CRASH_PLUGIN " }\n  second: { file: " BERTH_CRASH_PLUGIN
      " }\n  third: { file: " +
          file_of("bad_load_leave") +
          " }\nroutes:\n"
          "  - { pattern: \"GET /1\", handler: first.made, config: { how: kill_parent } }\n"
          "  - { pattern: \"GET /2\", handler: second.made, config: { how: nothing } }\n"
          "  - { pattern: \"GET /3\", handler: third }\n");
  const Outcome outcome = berth(folder, {"validate"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("it cannot be probed: the process that starts probes has ended"),
            std::string::npos)
      << outcome.err;
  EXPECT_NE(outcome.err.find("ended itself with exit code 7, while it was loaded"),
            std::string::npos)
      << outcome.err;
  EXPECT_EQ(outcome.err.find("plugin \"second\""), std::string::npos) << outcome.err;
}

TEST(Probe, ThatStopsTheProcessItWasForkedFromIsEndedInTime) {
  const Folder folder;
  folder.write("berth.yaml",
               "listen: [{ name: a, address: \"127.0.0.1:0\" }]\ntimeouts: { probe: 100ms }\n"
               "plugins:\n  boom: { file: " BERTH_CRASH_PLUGIN
               " }\nroutes:\n"
               "  - { pattern: \"GET /\", handler: boom.made, config: { how: stop_parent } }\n");
  const Outcome outcome = berth(folder, {"validate"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.err.find("did not come to an end within 100 ms"), std::string::npos)
      << outcome.err;
}

TEST(Probe, WithoutItTheFileAloneIsLookedAt) {
  const Folder folder;
  folder.write("berth.yaml",
               "listen: [{ name: a, address: \"127.0.0.1:0\" }]\nplugins:\n  a: { file: " +
                   file_of("bad_load_crash") +
                   ", probe: off }\nroutes:\n  - { pattern: \"GET /\", handler: a }\n");
  EXPECT_EQ(berth(folder, {"validate"}).code, 0);
}

}  // namespace
}  // namespace berth::e2e
