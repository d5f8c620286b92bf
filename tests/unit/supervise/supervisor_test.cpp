// The supervisor with a plan and hosts that misbehave: fake_berth.cpp.
#include "supervise/supervisor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace berth::supervise {
namespace {

using namespace std::chrono_literals;

// A supervisor in a process of its own. What it and its hosts write is read here.
class Supervised {
 public:
  Supervised(const std::string& plan, const std::string& host,
             const std::function<void(SupervisorOptions&)>& change = {}) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    read_end_.reset(ends[0]);
    base::Descriptor write_end(ends[1]);
    // A signal of the test waits until the supervisor looks for it.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);
    pid_ = ::fork();
    if (pid_ != 0) {
      ::sigprocmask(SIG_SETMASK, &before, nullptr);
      return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(write_end.get(), STDERR_FILENO);
    SupervisorOptions options{.program = BERTH_FAKE,
                              .file = BERTH_FAKE,
                              .plan = {"berth", "plan", plan},
                              .host = {"berth", "host", host},
                              .variables = Variables::of_process(),
                              .backoff = {.first = 1ms, .most = 1ms}};
    options.variables.set("NOTIFY_SOCKET", "/nowhere");
    if (change) change(options);
    const int code = Supervisor(options, base::system_clock()).run();
    ::_exit(code);
  }
  Supervised(const Supervised&) = delete;
  Supervised& operator=(const Supervised&) = delete;
  ~Supervised() {
    if (pid_ > 0) (void)wait();
  }

  void signal(int number) const {
    ASSERT_GT(pid_, 1);  // kill(2) takes -1 for everybody
    EXPECT_EQ(::kill(pid_, number), 0);
  }
  // Reads until `text` stands that often in what it wrote.
  void wait_for(std::string_view text, int times = 1) {
    while (count(text) < times) {
      if (!read()) {
        ADD_FAILURE() << "it did not say " << text << ":\n" << said_;
        return;
      }
    }
  }
  // The exit code.
  int wait() {
    while (read()) {
    }
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  [[nodiscard]] bool has_said(std::string_view text) const {
    return said_.find(text) != std::string::npos;
  }
  [[nodiscard]] const std::string& all() const { return said_; }

 private:
  [[nodiscard]] int count(std::string_view text) const {
    int found = 0;
    for (std::size_t at = said_.find(text); at != std::string::npos; ++found) {
      at = said_.find(text, at + text.size());
    }
    return found;
  }
  bool read() {
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(read_end_.get(), bytes.data(), bytes.size());
    if (got > 0) said_.append(bytes.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  pid_t pid_ = -1;
  base::Descriptor read_end_;
  std::string said_;
};

TEST(SupervisorTest, WhatIsRefusedAtTheStartEndsItWithThatCode) {
  const struct {
    const char* plan;
    const char* host;
    int code;
    const char* said;
  } rows[] = {
      {"refuses", "serves", 7, ""},
      {"crashes", "serves", 1, "the process that reads the configuration was killed by SIGKILL"},
      {"stops short", "serves", 1, "the process that reads the configuration exited with code 0"},
      {"serves", "refuses", 5, ""},
      {"serves", "exits early", 1, "exited with code 0 before it served"},
      {"serves", "crashes early", 1, "was killed by SIGKILL before it served"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(std::string(row.plan) + ", " + row.host);
    Supervised supervised(row.plan, row.host);
    EXPECT_EQ(supervised.wait(), row.code);
    EXPECT_TRUE(supervised.has_said(row.said)) << supervised.all();
    EXPECT_EQ(supervised.all().empty(), std::string_view(row.said).empty()) << supervised.all();
  }
}

// As process 1 of a container it is the parent of whatever has lost its own.
TEST(SupervisorTest, WhatProcessesLeaveToItIsReaped) {
  Supervised supervised("serves", "has an orphan", [](SupervisorOptions&) {
    ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  });
  supervised.wait_for(" is left\n");
  const pid_t orphan = std::stoi(supervised.all());
  const auto until = base::system_clock().now() + 30s;
  while (::kill(orphan, 0) == 0 && base::system_clock().now() < until) ::sched_yield();
  EXPECT_EQ(::kill(orphan, 0), -1) << "it is left a zombie";
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0);
}

TEST(SupervisorTest, AProgramThatIsNotThereIsRefused) {
  Supervised supervised("serves", "serves",
                        [](SupervisorOptions& options) { options.program = "/nowhere"; });
  EXPECT_EQ(supervised.wait(), 1);
  EXPECT_EQ(supervised.all(), "berth: error: start /nowhere: No such file or directory\n");
}

TEST(SupervisorTest, AStopGoesOnToTheHostAndIsInOrder) {
  for (const int number : {SIGTERM, SIGINT, SIGQUIT}) {
    Supervised supervised("serves", "serves");
    supervised.signal(number);  // wherever it is by now, the host gets it
    EXPECT_EQ(supervised.wait(), 0) << supervised.all();
    EXPECT_EQ(supervised.all(), "");
  }
}

TEST(SupervisorTest, AHostMayStopByItself) {
  Supervised supervised("serves", "stops itself");
  EXPECT_EQ(supervised.wait(), 0);
  EXPECT_EQ(supervised.all(), "");
}

TEST(SupervisorTest, APlanThatHangsIsStopped) {
  Supervised supervised("waits", "serves");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0);
}

TEST(SupervisorTest, OneThatEndsUnexpectedlyIsReplacedByOneThatGoesOn) {
  const struct {
    const char* how;
    const char* end;
  } rows[] = {{"exits", "exited with code 3"},
              {"crashes", "was killed by SIGKILL"},
              {"talks nonsense", "was killed by SIGKILL"}};
  for (const auto& row : rows) {
    SCOPED_TRACE(row.how);
    Supervised supervised("serves", row.how);
    supervised.wait_for(std::string(" ") + row.end + "; a new one is started\n");
    supervised.signal(SIGTERM);
    EXPECT_EQ(supervised.wait(), 0) << supervised.all();
  }
}

// Of the host that a line of the log begins with, behind its time.
pid_t pid_in(const std::string& log, std::string_view behind) {
  const std::size_t end = log.find(behind);
  if (end == std::string::npos) return -1;
  const std::size_t begin = log.rfind(' ', end - 1) + 1;
  return static_cast<pid_t>(std::stoi(log.substr(begin, end - begin)));
}

TEST(SupervisorTest, OneThatEndsBeforeItIsReadyButOfARequestIsReplaced) {
  Supervised supervised("serves", "crashes of its first request");
  supervised.wait_for(" was killed by SIGKILL; a new one is started\n");
  supervised.wait_for("serves again\n");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0) << supervised.all();
}

TEST(SupervisorTest, TheNextHostStartsWhileTheCrashedOneFinishes) {
  Supervised supervised("serves", "drains");
  supervised.wait_for("draining\n");
  supervised.wait_for(" has crashed and finishes what is in flight; a new one is started\n");
  supervised.wait_for("serves again\n");
  const pid_t crashed = pid_in(supervised.all(), " has crashed and finishes");
  ASSERT_GT(crashed, 1);
  EXPECT_EQ(::kill(crashed, SIGKILL), 0);
  supervised.wait_for(" was killed by SIGKILL, as it had crashed\n");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0) << supervised.all();
}

TEST(SupervisorTest, TheNextHostStartsBeforeTheCrashIsReported) {
  Supervised supervised("serves", "is still told of",
                        [](SupervisorOptions& options) { options.stop_grace = 50ms; });
  supervised.wait_for(" has crashed and finishes what is in flight; a new one is started\n");
  supervised.wait_for("serves again\n");
  supervised.signal(SIGTERM);
  supervised.signal(SIGINT);  // the other would have ten seconds
  (void)supervised.wait();
}

TEST(SupervisorTest, ACrashedOneThatDoesNotEndIsKilled) {
  for (const char* how : {"drains", "hangs in its crash"}) {
    SCOPED_TRACE(how);
    Supervised supervised("serves", how,
                          [](SupervisorOptions& options) { options.crash_grace = 50ms; });
    supervised.wait_for(" has crashed, has not ended in time and is killed\n");
    supervised.wait_for("serves again\n");
    supervised.signal(SIGTERM);
    EXPECT_EQ(supervised.wait(), 0) << supervised.all();
  }
}

TEST(SupervisorTest, AStandbyTakesThePlaceOfOneThatEnds) {
  Supervised supervised("has a standby", "tells its number");
  supervised.wait_for("stands by\n");
  const pid_t first = pid_in(supervised.all(), " serves\n");
  ASSERT_GT(first, 1);
  EXPECT_EQ(::kill(first, SIGKILL), 0);
  supervised.wait_for(" was killed by SIGKILL; the standby takes its place\n");
  supervised.wait_for("it is its turn\n");
  supervised.wait_for("serves again\n");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0) << supervised.all();
}

TEST(SupervisorTest, AStandbyThatEndsHarmsNobody) {
  Supervised supervised("has a standby", "has a bad standby",
                        [](SupervisorOptions& options) { options.standby_pause = 1ms; });
  supervised.wait_for("warn the standby, host ");
  supervised.wait_for(" exited with code 4\n");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0) << supervised.all();
}

TEST(SupervisorTest, AStandbyThatHasCrashedTakesNoPlace) {
  Supervised supervised("has a standby", "tells its number, and has a crashed standby");
  supervised.wait_for("stands by\n");
  const pid_t first = pid_in(supervised.all(), " serves\n");
  ASSERT_GT(first, 1);
  EXPECT_EQ(::kill(first, SIGKILL), 0);
  supervised.wait_for(" was killed by SIGKILL; a new one is started\n");
  supervised.wait_for("serves again\n");
  supervised.signal(SIGTERM);
  supervised.signal(SIGINT);
  (void)supervised.wait();
}

TEST(SupervisorTest, AStandbyThatCrashesIsMadeAnew) {
  Supervised supervised("has a standby", "drains a crashed standby",
                        [](SupervisorOptions& options) { options.standby_pause = 1ms; });
  supervised.wait_for("warn the standby, host ");
  supervised.wait_for(" has crashed and finishes what is in flight\n");
  supervised.wait_for("stands by\n", 2);
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0) << supervised.all();
}

TEST(SupervisorTest, OneThatHasCrashedIsNotReadyWhateverItSays) {
  Supervised supervised("serves", "crashes before it is ready",
                        [](SupervisorOptions& options) { options.crash_grace = 50ms; });
  supervised.wait_for(" has crashed, has not ended in time and is killed\n");
  supervised.wait_for("serves again\n");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0) << supervised.all();
}

TEST(SupervisorTest, OneThatTakesThePlaceOfAnotherIsReadyInTimeOrKilled) {
  Supervised supervised("serves", "never comes back",
                        [](SupervisorOptions& options) { options.start_limit = 50ms; });
  supervised.wait_for(" is not ready in time and is killed\n");
  supervised.wait_for(" was killed by SIGKILL; a new one is started");
  supervised.signal(SIGTERM);
  supervised.signal(SIGINT);
  (void)supervised.wait();
}

// What a manager of services would have been sent, of a socket that nobody has read yet.
std::string sent_to(int manager) {
  std::string all;
  std::array<char, 1024> datagram{};
  for (;;) {
    const ssize_t got = ::recv(manager, datagram.data(), datagram.size(), MSG_DONTWAIT);
    if (got <= 0) return all;
    all.append(datagram.data(), static_cast<std::size_t>(got)).push_back('\n');
  }
}

TEST(SupervisorTest, OnlyTheOneThatServesFeedsTheWatchdog) {
  const base::Descriptor manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // An abstract name that the system chooses.
  ASSERT_EQ(::bind(manager.get(), reinterpret_cast<sockaddr*>(&address), sizeof(sa_family_t)), 0);
  socklen_t size = sizeof address;
  ASSERT_EQ(::getsockname(manager.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  std::string name(address.sun_path, size - offsetof(sockaddr_un, sun_path));
  name.front() = '@';
  Supervised supervised("serves", "is upgraded, and lives", [&](SupervisorOptions& options) {
    options.variables.set("NOTIFY_SOCKET", name);
    options.variables.set("WATCHDOG_USEC", "1000000");
  });
  supervised.wait_for("ready\n");
  supervised.signal(SIGUSR2);
  supervised.wait_for(" exited with code 3 while it left\n");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0) << supervised.all();
  const std::string sent = sent_to(manager.get());
  EXPECT_NE(sent.find("READY=1"), std::string::npos) << sent;
  EXPECT_EQ(sent.find("WATCHDOG=1"), std::string::npos) << sent;
}

TEST(SupervisorTest, OneThatAsksForItIsReplacedOnceTheNextIsReady) {
  Supervised supervised("serves", "asks to be replaced");
  supervised.wait_for(" asks to be replaced: ");
  supervised.wait_for("serves again\n");
  supervised.wait_for("it leaves\n");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0) << supervised.all();
}

TEST(SupervisorTest, AnUpgradeBringsANewHostAndItsSockets) {
  Supervised supervised("serves", "is upgraded");
  supervised.wait_for("ready\n");
  supervised.signal(SIGUSR2);
  supervised.wait_for("it is new\n");
  supervised.wait_for("it leaves\n");
  // The plan of the fake understands no hand-over.
  supervised.wait_for("the supervisor stays the program it was");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0) << supervised.all();
}

TEST(SupervisorTest, AnUpgradeThatIsRefusedLeavesWhatServes) {
  const struct {
    const char* plan;
    const char* host;
    const char* said;
  } rows[] = {
      {"is refused again", "is upgraded",
       "the upgrade is given up: the process that reads the configuration exited with code 7\n"},
      {"serves", "is upgraded badly", " exited with code 5 before it was ready\n"},
      {"hangs again", "is upgraded",
       "the upgrade is given up: the configuration is not read in time\n"},
      {"speaks another language", "is upgraded",
       "the upgrade is given up: this program cannot supervise the new one"},
      {"serves", "is upgraded and crashes", " has crashed and finishes what is in flight\n"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.said);
    const bool hangs = std::string_view(row.plan) == "hangs again";
    Supervised supervised(row.plan, row.host, [hangs](SupervisorOptions& options) {
      if (hangs) options.start_limit = 50ms;
    });
    supervised.wait_for("ready\n");
    supervised.signal(SIGUSR2);
    supervised.wait_for(row.said);
    supervised.wait_for("it goes on\n");
    supervised.signal(SIGTERM);
    EXPECT_EQ(supervised.wait(), 0) << supervised.all();
  }
}

TEST(SupervisorTest, OneThatCannotBeToldToLeaveIsSentASignal) {
  Supervised supervised("serves", "closes the link");
  supervised.wait_for("ready\n");
  supervised.signal(SIGUSR2);
  supervised.wait_for("the supervisor stays the program it was");
  supervised.wait_for("it is told by a signal\n");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0) << supervised.all();
}

TEST(SupervisorTest, OneThatDoesNotLeaveInTimeIsKilled) {
  Supervised supervised("serves", "leaves slowly",
                        [](SupervisorOptions& options) { options.stop_grace = 50ms; });
  supervised.wait_for("ready\n");
  supervised.signal(SIGUSR2);
  supervised.wait_for("it leaves\n");
  supervised.wait_for(" has not stopped in time and is killed\n");
  supervised.signal(SIGTERM);
  (void)supervised.wait();  // the other may be too slow for so little grace, too
}

TEST(SupervisorTest, HostsThatNeverStayAreStartedEverMoreRarely) {
  Supervised supervised("serves", "crashes always", [](SupervisorOptions& options) {
    options.backoff = {.first = 1ms, .most = 3ms};
  });
  for (const char* wait : {"; a new one is started\n", " in 1 ms\n", " in 2 ms\n", " in 3 ms\n"}) {
    supervised.wait_for(std::string(wait));
  }
  supervised.signal(SIGTERM);
  (void)supervised.wait();  // one that crashes while it is stopped is no stop in order
}

TEST(SupervisorTest, AStopDuringTheWaitEndsIt) {
  Supervised supervised("serves", "crashes always", [](SupervisorOptions& options) {
    options.backoff = {.first = 1h, .most = 1h};
  });
  supervised.wait_for(" in 3600 s\n");
  supervised.signal(SIGHUP);  // is for the next host
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0);
}

TEST(SupervisorTest, OneThatDoesNotStopInTimeIsKilled) {
  Supervised supervised("serves", "never stops",
                        [](SupervisorOptions& options) { options.stop_grace = 100ms; });
  supervised.wait_for("ready\n");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 1);
  EXPECT_TRUE(supervised.has_said(" has not stopped in time and is killed\n")) << supervised.all();
}

TEST(SupervisorTest, OneThatHasNotServedYetIsKilledByASecondSignal) {
  Supervised supervised("serves", "never starts");
  supervised.wait_for("starting\n");
  supervised.signal(SIGTERM);
  supervised.signal(SIGINT);  // two of one number may be one
  EXPECT_EQ(supervised.wait(), 0);
}

TEST(SupervisorTest, ALinkThatIsClosedIsNoEnd) {
  Supervised supervised("serves", "closes the link");
  supervised.wait_for("ready\n");
  supervised.signal(SIGTERM);
  EXPECT_EQ(supervised.wait(), 0);
}

}  // namespace
}  // namespace berth::supervise
