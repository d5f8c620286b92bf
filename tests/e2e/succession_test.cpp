// One host in another's place, by the real berth: a standby, an upgrade, a host that has grown.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>

#include "e2e/busy_client.h"
#include "e2e/host.h"

namespace berth::e2e {
namespace {

using test::RawClient;

std::string configuration(std::string_view more = {}, std::string_view listeners = {}) {
  return std::string(R"(
listen:
  - { name: public, address: "127.0.0.1:0" }
)")
      .append(listeners)
      .append(R"(
plugins:
  trouble: { file: )" BERTH_TROUBLE_PLUGIN R"( }
routes:
  - { pattern: "GET /die/{how}", handler: trouble.dies }
  - { pattern: "GET /environment/{name}", handler: trouble.environment }
)")
      .append(more);
}

constexpr std::string_view kAsk = "GET /environment/NOTHING HTTP/1.1\r\nHost: h\r\n\r\n";

int answer_of(Host& host, std::string_view question, std::string_view listener = "public") {
  RawClient client(host.port(listener));
  EXPECT_TRUE(client.send(question));
  return client.read_reply().status;
}

std::string status(const Host& host) {
  const Outcome outcome = berth(host.folder(), {"status", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return outcome.out;
}

std::int64_t number(const std::string& status, const std::string& key) {
  const std::size_t at = status.find("\"" + key + "\":");
  return at == std::string::npos ? -1 : std::stoll(status.substr(at + key.size() + 3));
}

void wait_for_standby(const Host& host) {
  while (status(host).find(R"("standby":"ready")") == std::string::npos) std::this_thread::yield();
}

TEST(Standby, TakesOverFromOneThatIsKilledAndHasAnotherBehindIt) {
  Host host(configuration("standby: true\n"));
  for (int i = 0; i < 2; ++i) {
    wait_for_standby(host);
    const std::int64_t serving = number(status(host), "pid");
    ASSERT_GT(serving, 1);  // kill(2) takes -1 for everybody
    EXPECT_EQ(::kill(static_cast<pid_t>(serving), SIGKILL), 0);
    EXPECT_EQ(answer_of(host, kAsk), 200);
    EXPECT_NE(number(status(host), "pid"), serving);
    EXPECT_TRUE(host.child().wait_for("; the standby takes its place"));
  }
}

TEST(Standby, KnowsOfTheCrashThatMadeItServe) {
  Host host(configuration("standby: true\nquarantine: { crashes: 1, within: 60s }\n"));
  wait_for_standby(host);
  EXPECT_NE(answer_of(host, "GET /die/abort HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
  EXPECT_EQ(answer_of(host, kAsk), 503);
  EXPECT_TRUE(host.child().wait_for("; the standby takes its place"));
  // Its log has the warning, too.
  host.child().signal(SIGTERM);
  EXPECT_EQ(host.child().wait(), 0);
}

TEST(Fallback, AnswersAndItsCrashIsItsOwn_L22) {
  std::string both = configuration("quarantine: { crashes: 1, within: 60s }\n");
  both.insert(both.find("routes:"), "  second: { file: " BERTH_TROUBLE_PLUGIN " }\n");
  both.insert(both.find("handler: trouble.dies") + 21, ", fallback: second.dies");
  Host host(both);
  constexpr std::string_view kDie = "GET /die/abort HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(status(host).find("second.dies"), std::string::npos);
  EXPECT_NE(answer_of(host, kDie), 503);
  EXPECT_EQ(answer_of(host, kAsk), 503) << "another route of the same plugin, without one";
  EXPECT_NE(status(host).find("second.dies"), std::string::npos);
  EXPECT_NE(answer_of(host, kDie), 503);
  EXPECT_EQ(answer_of(host, kDie), 503) << "both are in quarantine";
  const Outcome crashes = berth(host.folder(), {"crashes"});
  EXPECT_NE(crashes.out.find("trouble"), std::string::npos) << crashes.out;
  EXPECT_NE(crashes.out.find("second"), std::string::npos) << crashes.out;
  host.child().signal(SIGTERM);
  EXPECT_EQ(host.child().wait(), 0);
}

TEST(Standby, IsOfTheGenerationThatServes) {
  Host host(configuration("standby: true\n"));
  wait_for_standby(host);
  EXPECT_EQ(berth(host.folder(), {"reload"}).code, 0);
  wait_for_standby(host);
  EXPECT_EQ(::kill(static_cast<pid_t>(number(status(host), "pid")), SIGKILL), 0);
  EXPECT_EQ(number(status(host), "number"), 2);
}

// The file a process executes.
ino_t executed(std::int64_t pid) {
  struct stat file {};
  const std::string path = "/proc/" + std::to_string(pid) + "/exe";
  EXPECT_EQ(::stat(path.c_str(), &file), 0);
  return file.st_ino;
}

// A folder with a berth that can be replaced.
class Installed {
 public:
  Installed() { replace(); }
  [[nodiscard]] const std::string& program() const noexcept { return program_; }
  // Puts another file in place, as a package does.
  void replace() {
    const std::string aside = folder_.path() + "/berth.new";
    std::filesystem::copy_file(BERTH_PROGRAM, aside);
    std::filesystem::rename(aside, program_);
  }
  void break_it() {
    std::filesystem::remove(program_);
    std::filesystem::copy_file("/bin/false", program_);
  }
  [[nodiscard]] ino_t inode() const {
    struct stat file {};
    EXPECT_EQ(::stat(program_.c_str(), &file), 0);
    return file.st_ino;
  }

 private:
  Folder folder_;
  std::string program_ = folder_.path() + "/berth";
};

TEST(Upgrade, BringsTheNewProgramAndNobodyNotices) {
  Installed installed;
  Host host(configuration(), installed.program());
  const std::string before = status(host);
  EXPECT_EQ(number(before, "supervisor"), host.child().pid());
  BusyClient busy(host.port(), kAsk);
  while (busy.answered() < 10) std::this_thread::yield();
  for (int i = 0; i < 3; ++i) {
    const std::string old = status(host);
    installed.replace();
    const Outcome outcome = berth(host.folder(), {"upgrade"});
    EXPECT_EQ(outcome.code, 0) << outcome.err << host.child().err();
    const std::string now = status(host);
    EXPECT_EQ(outcome.out, "host " + std::to_string(number(now, "pid")) + " serves generation " +
                               std::to_string(i + 2) + "\n");
    EXPECT_NE(number(now, "pid"), number(old, "pid"));
    EXPECT_EQ(number(now, "supervisor"), host.child().pid());
    EXPECT_TRUE(host.child().wait_for("the supervisor is the upgraded program",
                                      static_cast<std::size_t>(i) + 1));
    EXPECT_EQ(executed(host.child().pid()), installed.inode());
    EXPECT_EQ(executed(number(now, "pid")), installed.inode());
    const int answered = busy.answered();
    while (busy.answered() < answered + 10) std::this_thread::yield();
  }
  busy.end();
  EXPECT_EQ(busy.failed(), 0);
  // The program that it has become does all that the one before did.
  EXPECT_EQ(::kill(static_cast<pid_t>(number(status(host), "pid")), SIGKILL), 0);
  EXPECT_EQ(answer_of(host, kAsk), 200);
  EXPECT_EQ(berth(host.folder(), {"reload"}).code, 0);
  const std::string log = host.stop();
  EXPECT_FALSE(std::filesystem::exists(host.folder().path() + "/control.sock")) << log;
}

TEST(Upgrade, ThatIsRefusedLeavesWhatServes) {
  Installed installed;
  Host host(configuration(), installed.program());
  const std::string before = status(host);
  const auto expect_refused = [&](std::string_view why) {
    const Outcome outcome =
        berth(host.folder(), {"upgrade", "--control", host.folder().path() + "/control.sock"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_NE(outcome.err.find(why), std::string::npos) << outcome.err;
    EXPECT_EQ(answer_of(host, kAsk), 200);
  };
  (void)host.folder().write("berth.yaml", "nonsense");
  expect_refused("the process that reads the configuration exited with code 1");
  (void)host.folder().write("berth.yaml", configuration() + "nonsense: 1\n");
  expect_refused("the process that reads the configuration exited with code 1");
  (void)host.folder().write("berth.yaml", configuration("# no such file\n") +
                                              "  - { pattern: \"GET /x\", handler: trouble.no }\n");
  expect_refused(" before it was ready");
  installed.break_it();
  (void)host.folder().write("berth.yaml", configuration());
  expect_refused("the process that reads the configuration exited with code 1");
  std::filesystem::remove(installed.program());
  expect_refused("No such file or directory");
  EXPECT_EQ(number(status(host), "pid"), number(before, "pid"));
  EXPECT_EQ(number(status(host), "number"), 1);
  // Its log has what is wrong with the files, too.
  host.child().signal(SIGTERM);
  EXPECT_EQ(host.child().wait(), 0);
}

TEST(Upgrade, TakesWhatAReloadCannot) {
  Host host(configuration());
  const std::uint16_t port = host.port();
  (void)host.folder().write("berth.yaml",
                            configuration("limits: { threads: 9 }\n",
                                          "  - { name: second, address: \"127.0.0.1:0\" }\n"
                                          "  - { name: local, unix: ./http.sock }\n"));
  EXPECT_EQ(berth(host.folder(), {"reload"}).code, 1);
  host.child().signal(SIGUSR2);
  EXPECT_TRUE(host.child().wait_for(" serves generation 2, and host "));
  EXPECT_EQ(host.port(), port);
  EXPECT_EQ(answer_of(host, kAsk), 200);
  EXPECT_EQ(answer_of(host, kAsk, "second"), 200);
  EXPECT_TRUE(std::filesystem::exists(host.folder().path() + "/http.sock"));
  // And back: what nobody listens at any more is gone.
  (void)host.folder().write("berth.yaml", configuration());
  EXPECT_EQ(berth(host.folder(), {"upgrade"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(host.folder().path() + "/http.sock"));
  EXPECT_EQ(answer_of(host, kAsk), 200);
}

TEST(Upgrade, NeedsASupervisor) {
  Host host(configuration(), Host::Alone{});
  const Outcome outcome = berth(host.folder(), {"upgrade"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(
      outcome.err,
      "berth: error: this server has no supervisor, which would have to start the next one\n");
}

TEST(Recycle, AHostThatHasGrownIsReplaced_F60) {
  Host host(configuration("recycle: { memory: 1MiB }\n"));
  const std::int64_t first = number(status(host), "pid");
  EXPECT_TRUE(host.child().wait_for(" asks to be replaced: it uses "));
  EXPECT_TRUE(host.child().wait_for("and host " + std::to_string(first) + " leaves"));
  EXPECT_NE(number(status(host), "pid"), first);
  EXPECT_EQ(number(status(host), "number"), 1);
  EXPECT_EQ(answer_of(host, kAsk), 200);
}

}  // namespace
}  // namespace berth::e2e
