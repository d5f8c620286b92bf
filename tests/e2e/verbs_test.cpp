// The verbs that serve nothing. What they print stands in tests/golden/cli.
#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "e2e/golden.h"
#include "e2e/host.h"

namespace berth::e2e {
namespace {

std::string trouble(const std::string& kind) {
  return std::string(kListen) +
         "plugins:\n  trouble: { file: " BERTH_TROUBLE_PLUGIN
         " }\nroutes:\n  - { pattern: \"GET /{name}\", handler: trouble." +
         kind + " }\n";
}

TEST(Help, OfEachVerb) {
  const Folder folder;
  const std::vector<std::vector<std::string>> verbs{{},
                                                    {"run"},
                                                    {"validate"},
                                                    {"routes"},
                                                    {"reload"},
                                                    {"rollback"},
                                                    {"status"},
                                                    {"generations"},
                                                    {"stop"},
                                                    {"plugin"},
                                                    {"plugin", "inspect"},
                                                    {"plugin", "pin"},
                                                    {"plugin", "install"},
                                                    {"plugin", "unpin"},
                                                    {"plugin", "release"},
                                                    {"version"}};
  std::string all;
  for (std::vector<std::string> verb : verbs) {
    verb.emplace_back("--help");
    const Outcome outcome = berth(folder, verb);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.err, "");
    all += "$ berth";
    for (const std::string& word : verb) all += " " + word;
    all += "\n" + outcome.out + "\n";
  }
  expect_golden("help.expected", all);
}

TEST(Version, IsThatOfTheProject) {
  const Folder folder;
  for (const char* way : {"version", "--version"}) {
    const Outcome outcome = berth(folder, {way});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_EQ(outcome.out, "berth " BERTH_VERSION "\n");
    EXPECT_EQ(outcome.err, "");
  }
}

TEST(Validate, AConfigurationThatWouldServeIsOk) {
  const Folder folder;
  const std::string file = folder.write("berth.yaml", usual());
  const Outcome outcome = berth(folder, {"validate", "-c", file});
  EXPECT_EQ(transcript(outcome), "exit 0\n" + file + ": ok\n");
}

TEST(Validate, ItDisturbsNoServerOnTheSamePort) {
  Host host(usual());
  const std::string port = std::to_string(host.port());
  const Outcome outcome = berth(
      host.folder(),
      {"validate", "-c", host.folder().write("same.yaml", replaced(usual(), ":0", ":" + port))});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(host.hello("you"), "hello, you\n");
}

TEST(Validate, APluginThatCrashesOrEndsTheProcessIsNamed) {
  const Folder folder;
  for (const std::string kind : {"crashes", "exits"}) {
    folder.write("berth.yaml", trouble(kind) + "unknown: 1\n");
    const Outcome outcome = berth(folder, {"validate"});
    expect_golden("plugin-" + kind + ".expected",
                  replaced(transcript(outcome), BERTH_TROUBLE_PLUGIN, "trouble.so"));
  }
}

TEST(Routes, TheTable) {
  const Folder folder;
  folder.write("berth.yaml", golden_file("routes.yaml"));
  expect_golden("routes.expected", transcript(berth(folder, {"routes"})));
}

TEST(Routes, AWrongTableIsToldAsForRun) {
  const Folder folder;
  folder.write("berth.yaml", golden_file("everything-wrong.yaml"));
  expect_golden("routes-wrong.expected", transcript(berth(folder, {"routes"})));
}

TEST(Routes, ExplainTellsWhichAnswersAndWhy) {
  const Folder folder;
  folder.write("berth.yaml", golden_file("routes.yaml"));
  const std::vector<std::vector<std::string>> questions{
      {"GET /hello/you"},
      {"/hello/you"},
      {"HEAD http://any.example/hello/special"},
      {"DELETE /hello/you"},
      {"DELETE /tree/x"},
      {"GET /no/where"},
      {"GET /tree?x=1"},
      {"GET /a/../hello/you"},
      {"GET http://admin.example/hello/you"},
      {"GET http://ADMIN.example:8080/hello/you"},
      {"GET /inner"},
      {"GET /inner", "--listener", "inner"},
      {"POST /bad/%zz"},
      {"OPTIONS *"},
  };
  std::string all;
  for (const std::vector<std::string>& question : questions) {
    std::vector<std::string> words{"routes", "--explain"};
    words.insert(words.end(), question.begin(), question.end());
    all += "$ berth routes --explain";
    for (const std::string& word : question) all += " '" + word + "'";
    all += "\n" + transcript(berth(folder, words)) + "\n";
  }
  expect_golden("explain.expected", all);
}

TEST(PluginInspect, TellsWhatAPluginIs) {
  const Folder folder;
  const Outcome outcome = berth(folder, {"plugin", "inspect", BERTH_HELLO_PLUGIN});
  // What the compiler and the build decide is there, whatever it is.
  const std::set<std::string> volatile_lines{"file",    "compiler", "cxxabi", "sanitizer",
                                             "glibc",   "git",      "size",   "sha256",
                                             "machine", "build-id", "needs",  "warning"};
  std::istringstream lines(outcome.out);
  std::string shown = "exit " + std::to_string(outcome.code) + "\n";
  for (std::string line; std::getline(lines, line);) {
    const std::string name = line.substr(0, line.find(' '));
    if (name == "warning" || name == "git") continue;
    shown += volatile_lines.contains(name) ? name + " ...\n" : line + "\n";
  }
  expect_golden("inspect.expected", replaced(shown + outcome.err, BERTH_VERSION, "VERSION"));
}

TEST(PluginInspect, AsJson) {
  const Folder folder;
  const Outcome outcome = berth(folder, {"plugin", "inspect", "--json", BERTH_HELLO_PLUGIN});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  const auto object = Poco::JSON::Parser().parse(outcome.out).extract<Poco::JSON::Object::Ptr>();
  EXPECT_EQ(object->getValue<std::string>("file"), BERTH_HELLO_PLUGIN);
  EXPECT_EQ(object->getValue<std::string>("name"), "hello");
  EXPECT_EQ(object->getValue<std::string>("version"), BERTH_VERSION);
  EXPECT_EQ(object->getArray("kinds")->getElement<std::string>(0), "hello");
  EXPECT_TRUE(object->getValue<bool>("loads"));
  EXPECT_EQ(object->getArray("refusals")->size(), 0U);
}

TEST(PluginInspect, RunsNoneOfItsCodeAndRefusesWhatIsNoPlugin) {
  const Folder folder;
  folder.write("text.so", "This is no plugin.\n");
  std::string all;
  for (const std::string file : {"nowhere.so", "text.so", "."}) {
    all += "$ berth plugin inspect " + file + "\n" +
           transcript(berth(folder, {"plugin", "inspect", file}));
  }
  expect_golden("inspect-refused.expected", all);
  const Outcome self = berth(folder, {"plugin", "inspect", BERTH_PROGRAM});
  EXPECT_EQ(self.code, 1);
  EXPECT_NE((self.out + self.err).find("refused"), std::string::npos) << self.out << self.err;
}

}  // namespace
}  // namespace berth::e2e
