// What never starts a server, and how it is told: tests/golden/cli.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "e2e/golden.h"
#include "e2e/host.h"

namespace berth::e2e {
namespace {

TEST(Refusal, EverythingThatIsWrongIsToldAtOnce) {
  const Folder folder;
  folder.write("berth.yaml", golden_file("everything-wrong.yaml"));
  folder.write("no_elf.so", "This is no plugin.\n");
  const Outcome ran = berth(folder, {"run", "--allow-root"});
  expect_golden("everything-wrong.expected", transcript(ran));
  // The same where the file alone gives no reason to stop.
  folder.write("berth.yaml", golden_file("plugins-wrong.yaml"));
  expect_golden("plugins-wrong.expected", transcript(berth(folder, {"run", "--allow-root"})));
  expect_golden("plugins-wrong.expected", transcript(berth(folder, {"validate"})));
}

TEST(Refusal, APortInUseIsNamed) {
  Host first(usual());
  const Folder folder;
  const std::string port = std::to_string(first.port());
  folder.write("berth.yaml", "listen:\n  - { name: other, address: \"127.0.0.1:" + port + "\" }\n" +
                                 std::string(kPlugins).append(kRoutes));
  const Outcome second = berth(folder, {"run", "--allow-root"});
  expect_golden("port-in-use.expected", replaced(transcript(second), port, "PORT"));
  EXPECT_EQ(first.hello("you"), "hello, you\n");
}

TEST(Refusal, EveryListenerThatCannotBeBoundIsTold) {
  Host first(usual());
  const Folder folder;
  const std::string port = std::to_string(first.port());
  folder.write("berth.yaml", "listen:\n  - { name: one, address: \"127.0.0.1:" + port +
                                 "\" }\n  - { name: two, address: \"192.0.2.1:80\" }\n" +
                                 std::string(kPlugins).append(kRoutes));
  const Outcome second = berth(folder, {"run", "--allow-root"});
  expect_golden("ports-not-bound.expected", replaced(transcript(second), port, "PORT"));
}

TEST(Refusal, RootHasToSaySo) {
  if (::geteuid() != 0) GTEST_SKIP() << "not root";
  const Folder folder;
  folder.write("berth.yaml", usual());
  expect_golden("root.expected", transcript(berth(folder, {"run"})));
}

TEST(Refusal, AUserWhoIsNotThereIsTold) {
  const Folder folder;
  folder.write("berth.yaml", "user: nobody-of-that-name\n" + usual());
  expect_golden("user-unknown.expected", transcript(berth(folder, {"run", "--allow-root"})));
  expect_golden("user-unknown.expected", transcript(berth(folder, {"validate"})));
}

TEST(Refusal, AnotherUserTakesTheSupervisor) {
  if (::geteuid() != 0) GTEST_SKIP() << "not root";
  const Folder folder;
  folder.write("berth.yaml", "user: 65532:65532\n" + usual());
  const Outcome ran = berth(folder, {"run", "--allow-root", "--no-supervisor"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, "berth: error: `user` takes the supervisor: leave --no-supervisor out\n");
}

TEST(Refusal, AWrongCommandLineExitsWith2) {
  const Folder folder;
  folder.write("berth.yaml", usual());
  const std::vector<std::vector<std::string>> lines{
      {},
      {"rnu"},
      {"nonsense"},
      {"run", "--nope"},
      {"run", "-c"},
      {"run", "extra"},
      {"version", "--config", "x"},
      {"plugin"},
      {"plugin", "inspct"},
      {"plugin", "inspect"},
      {"routes", "--explain", "GET nowhere"},
      {"routes", "--explain", "G{}T /hello"},
      {"routes", "--explain", "/hello", "--listener", "privat"},
      {"routes", "--explain", "/a\x1b[31m\nb"},
  };
  std::string all;
  for (const std::vector<std::string>& line : lines) {
    const Outcome outcome = berth(folder, line);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    all += "$ berth";
    for (const std::string& word : line)
      all += " " + replaced(replaced(word, "\x1b", "ESC"), "\n", "LF");
    all += "\n" + outcome.err;
  }
  expect_golden("usage.expected", all);
}

TEST(Refusal, WithoutAConfigurationEveryPlaceIsNamed) {
  if (std::filesystem::exists("/etc/berth/berth.yaml")) GTEST_SKIP() << "there is one in /etc";
  const Folder folder;
  for (const char* verb : {"validate", "routes"}) {
    expect_golden("no-configuration.expected", transcript(berth(folder, {verb})));
  }
  expect_golden("no-configuration.expected", transcript(berth(folder, {"run", "--allow-root"})));
}

TEST(Refusal, TheConfigurationIsThatOfTheOptionOrTheVariableOrTheFolder) {
  const Folder folder;
  const auto routes = [&](const std::string& variable, std::vector<std::string> options) {
    ChildOptions child = folder.child_options();
    if (!variable.empty()) child.environment["BERTH_CONFIG"] = variable;
    options.insert(options.begin(), {BERTH_PROGRAM, "routes"});
    const Outcome outcome = run(options, child);
    return outcome.code == 0 ? outcome.out : outcome.err;
  };
  for (const std::string name : {"berth.yaml", "variable.yaml", "option.yaml"}) {
    folder.write(name, usual());
  }
  EXPECT_NE(routes("", {}).find("berth.yaml:"), std::string::npos);
  EXPECT_NE(routes("variable.yaml", {}).find("variable.yaml:"), std::string::npos);
  EXPECT_NE(routes("variable.yaml", {"-c", "option.yaml"}).find("option.yaml:"), std::string::npos);
  // Who names a file gets no other.
  EXPECT_EQ(routes("nowhere.yaml", {}),
            "nowhere.yaml: error: cannot open: No such file or directory\n");
  EXPECT_EQ(routes("", {"-c", "nowhere.yaml"}),
            "nowhere.yaml: error: cannot open: No such file or directory\n");
}

}  // namespace
}  // namespace berth::e2e
