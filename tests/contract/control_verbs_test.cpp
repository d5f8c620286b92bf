// The verbs of the real berth against a control socket whose server does what the test says: exit
// codes, and what stands on stdout and stderr.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "app/control_json.h"
#include "contract/control_fixture.h"
#include "e2e/child.h"
#include "support/golden_text.h"

namespace berth {
namespace {

using Words = std::vector<std::string>;
using Asked = std::vector<std::string>;

struct ControlVerbs : test::ControlFixture {
  // A verb in the test's folder, without any of the default places.
  [[nodiscard]] e2e::Outcome berth(Words words) const {
    words.insert(words.begin(), BERTH_PROGRAM);
    e2e::ChildOptions child;
    child.folder = folder;
    child.environment = {{"XDG_RUNTIME_DIR", folder}, {"RUNTIME_DIRECTORY", ""}};
    return e2e::run(words, child);
  }
  // With --control.
  [[nodiscard]] e2e::Outcome ask_by_verb(Words words) const {
    words.insert(words.end(), {"--control", folder + "/control.sock"});
    return berth(words);
  }
  // "$ berth ...", the exit code, stdout and stderr.
  [[nodiscard]] std::string transcript(const Words& words) const {
    std::string text = "$ berth";
    for (const std::string& word : words) text += " " + word;
    const e2e::Outcome outcome = ask_by_verb(words);
    return text + "\nexit " + std::to_string(outcome.code) + "\n" + outcome.out + outcome.err;
  }
  static void expect_golden(const std::string& name, const std::string& text) {
    test::expect_golden(BERTH_TESTS_DIR, "control/" + name, text);
  }
};

TEST_F(ControlVerbs, EachSaysWhatWasDone) {
  start();
  std::string all;
  for (const Words& words : std::vector<Words>{{"reload"},
                                               {"reload", "--dry-run"},
                                               {"rollback"},
                                               {"rollback", "--to", "3", "--dry-run"},
                                               {"generations"},
                                               {"generations", "--why", "6"},
                                               {"plugin", "pin", "hello"},
                                               {"plugin", "unpin", "hello"},
                                               {"plugin", "release", "hello"},
                                               {"upgrade"},
                                               {"stop"}}) {
    all += transcript(words) + "\n";
  }
  expect_golden("verbs.expected", all);
  const std::string by = control.asked().at(0);
  EXPECT_TRUE(by.starts_with("reload, control socket, uid ")) << by;
}

TEST_F(ControlVerbs, TheyAskWhatTheyWereToldTo) {
  start();
  for (const Words& words : std::vector<Words>{{"reload", "--dry-run"},
                                               {"rollback", "--to", "3"},
                                               {"rollback", "--dry-run"},
                                               {"generations", "--why", "6"},
                                               {"plugin", "pin", "hello"},
                                               {"plugin", "unpin", "hello"}}) {
    EXPECT_EQ(ask_by_verb(words).code, 0) << words.front();
  }
  Asked asked = control.asked();
  for (std::string& what : asked) what = what.substr(0, what.find(", control"));
  EXPECT_EQ(asked, (Asked{"reload, dry run", "rollback to 3", "rollback to the last, dry run",
                          "why 6", "pin hello", "unpin hello"}));
}

TEST_F(ControlVerbs, TheStatusIsTold) {
  start();
  const e2e::Outcome outcome = ask_by_verb({"status"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_NE(outcome.out.find("generation     7 since 2026-01-02T03:04:05Z (reload)\n"),
            std::string::npos)
      << outcome.out;
}

TEST_F(ControlVerbs, JsonIsWhatTheServerSaid) {
  start();
  EXPECT_EQ(ask_by_verb({"reload", "--json"}).out, app::to_json(control.report) + "\n");
  EXPECT_EQ(ask_by_verb({"status", "--json"}).out, app::to_json(control.now) + "\n");
  EXPECT_EQ(ask_by_verb({"generations", "--json"}).out, app::to_json(control.kept) + "\n");
  EXPECT_EQ(ask_by_verb({"generations", "--why", "6", "--json"}).out,
            app::to_json(6, control.kept[1].holds) + "\n");
  control.set_report(test::refused_report());
  const e2e::Outcome refused = ask_by_verb({"rollback", "--json"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_EQ(refused.out, app::to_json(control.report) + "\n");
  EXPECT_EQ(refused.err, "");
}

TEST_F(ControlVerbs, ARefusalIsExitCode1AndSaysWhy) {
  start();
  control.set_report(test::refused_report());
  control.set_why_error({base::ErrorCode::kNotFound, "there is no generation 8"});
  control.set_pin_error({base::ErrorCode::kNotFound, "no plugin \"other\" serves"});
  std::string all;
  for (const Words& words : std::vector<Words>{{"reload"},
                                               {"rollback", "--to", "99"},
                                               {"generations", "--why", "8"},
                                               {"plugin", "pin", "other"}}) {
    all += transcript(words) + "\n";
  }
  expect_golden("refusals.expected", all);
}

TEST_F(ControlVerbs, WrongUsageIsExitCode2) {
  std::string all;
  for (const Words& words : std::vector<Words>{{"reload", "now"},
                                               {"reload", "--timeout", "5"},
                                               {"rollback", "--to", "0"},
                                               {"rollback", "--to", "last"},
                                               {"reload", "-c", "berth.yaml"},
                                               {"plugin", "pin"},
                                               {"plugin", "pin", "a.b"}}) {
    std::string text = transcript(words);
    all += text + "\n";
  }
  expect_golden("usage.expected", all);
}

TEST_F(ControlVerbs, NoServerIsExitCode3) {
  for (const Words& words : std::vector<Words>{
           {"reload"}, {"status"}, {"generations"}, {"stop", "--wait"}, {"plugin", "pin", "a"}}) {
    const e2e::Outcome outcome = ask_by_verb(words);
    EXPECT_EQ(outcome.code, 3) << words.front();
    EXPECT_EQ(outcome.err,
              "berth: error: no server answers at " + folder +
                  "/control.sock: is it running? --control PATH names another socket\n");
  }
  // A socket that nobody listens at any more is none either.
  start();
  std::filesystem::rename(folder + "/control.sock", folder + "/kept");
  EXPECT_TRUE(server->stop());
  std::filesystem::rename(folder + "/kept", folder + "/control.sock");
  EXPECT_EQ(ask_by_verb({"status"}).code, 3);
  std::filesystem::remove(folder + "/control.sock");
}

TEST_F(ControlVerbs, NoAnswerInTimeIsExitCode4) {
  start();
  control.close();
  const e2e::Outcome outcome = ask_by_verb({"reload", "--timeout", "50ms"});
  EXPECT_EQ(outcome.code, 4);
  EXPECT_EQ(outcome.err, "berth: error: no answer from " + folder +
                             "/control.sock in time; what was asked for may still happen\n"
                             "help: `berth status` tells; --timeout gives more time\n");
}

TEST_F(ControlVerbs, ASocketThatIsNotOursIsNotUnderstood) {
  std::ofstream(folder + "/file") << "text";
  const e2e::Outcome outcome = berth({"status", "--control", folder + "/file"});
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(berth({"status", "--control", std::string(200, 'x')}).code, 2);
}

TEST_F(ControlVerbs, TheSocketIsFoundByTheConfiguration) {
  options.socket.path = folder + "/named.sock";
  start();
  std::ofstream(folder + "/berth.yaml") << "control: ./named.sock\n"
                                           "listen: ${NOT_SET}\n"
                                           "unknown: 1\n";
  std::filesystem::permissions(folder + "/berth.yaml", std::filesystem::perms(0600));
  EXPECT_EQ(berth({"status", "-c", "berth.yaml"}).code, 0);
  EXPECT_EQ(berth({"status", "-c", folder + "/berth.yaml"}).code, 0);

  std::ofstream(folder + "/off.yaml") << "control: off\n";
  std::ofstream(folder + "/wrong.yaml") << "control: [1]\n";
  for (const char* name : {"/off.yaml", "/wrong.yaml"}) {
    std::filesystem::permissions(folder + name, std::filesystem::perms(0600));
  }
  const e2e::Outcome off = berth({"status", "-c", "off.yaml"});
  EXPECT_EQ(off.code, 3);
  EXPECT_EQ(off.err,
            "berth: error: off.yaml says control: off, so its server has no control socket\n");
  const e2e::Outcome wrong = berth({"status", "-c", "wrong.yaml"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_TRUE(wrong.err.starts_with("wrong.yaml:1:10: error: ")) << wrong.err;
  EXPECT_EQ(berth({"status", "-c", "missing.yaml"}).code, 1);
}

TEST_F(ControlVerbs, TheSocketIsFoundInTheDefaultPlace) {
  options.socket = {};
  options.environment = {.runtime_directory = {}, .xdg_runtime_dir = folder, .user = 1000};
  start();
  ASSERT_EQ(server->path(), folder + "/berth/control.sock");
  EXPECT_EQ(berth({"status"}).code, 0);
}

// More ask at once than there are connections: each is answered all the same.
TEST_F(ControlVerbs, AHundredReloadsAtOnceAreAllAnswered) {
  start();
  control.close();
  std::vector<std::unique_ptr<e2e::Child>> children;
  for (int i = 0; i < 100; ++i) {
    children.push_back(std::make_unique<e2e::Child>(
        Words{BERTH_PROGRAM, "reload", "--control", folder + "/control.sock"}));
  }
  control.wait_for_waiting(app::ControlHandler::kMostWaiting);
  control.open();
  for (const auto& child : children) EXPECT_EQ(child->wait(), 0) << child->err();
}

TEST_F(ControlVerbs, StopWaitsForTheProcess) {
  start();
  // The process that listens is this one, which does not end. The time is for the answers before.
  const e2e::Outcome outcome = ask_by_verb({"stop", "--wait", "--timeout", "3s"});
  EXPECT_EQ(outcome.code, 4);
  EXPECT_EQ(outcome.err,
            "berth: error: it is still stopping\n"
            "help: timeouts.shutdown says how long that may take; --timeout gives more time\n");
  control.wait_for_stop();
}

}  // namespace
}  // namespace berth
