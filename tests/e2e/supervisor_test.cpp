// The supervisor of the real berth: what clients and operators notice of a host that ends.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "e2e/host.h"
#include "support/sanitized.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

constexpr std::string_view kHello = "GET /hello/you HTTP/1.1\r\nHost: h\r\n\r\n";

std::string configuration(std::string_view more = {}) {
  return std::string(R"(
listen:
  - { name: public, address: "127.0.0.1:0" }
  - { name: local, unix: ./http.sock }
plugins:
  hello: { file: hello.so }
  echo: { file: echo.so }
  trouble: { file: )" BERTH_TROUBLE_PLUGIN R"( }
routes:
  - { pattern: "GET /hello/{name}", handler: hello.hello }
  - { pattern: "POST /echo", handler: echo.body }
  - { pattern: "GET /die/{how}", handler: trouble.dies }
  - { pattern: "GET /environment/{name}", handler: trouble.environment }
)")
      .append(more);
}

// A number of the status; the socket may be between two hosts: then it waits for the next one.
std::int64_t status(const Host& host, const std::string& key) {
  const Outcome outcome = berth(host.folder(), {"status", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const std::size_t at = outcome.out.find("\"" + key + "\":");
  if (at == std::string::npos) return -1;
  return std::stoll(outcome.out.substr(at + key.size() + 3));
}

std::int64_t generation(const Host& host) { return status(host, "number"); }

void kill_host(Host& host) {
  const auto pid = static_cast<pid_t>(status(host, "pid"));
  ASSERT_GT(pid, 1);  // kill(2) takes -1 for everybody
  EXPECT_EQ(::kill(pid, SIGKILL), 0);
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

// What a client of the public listener that only connects gets: never a refusal.
RawClient asking(Host& host) {
  RawClient client = host.connect();  // fails the test where it is refused
  EXPECT_TRUE(client.send(kHello));
  return client;
}

TEST(Supervisor, WithoutAHostNoConnectIsRefusedAndTheNextOneAnswers_F48) {
  Host host(configuration());
  std::vector<RawClient> kept;
  for (int i = 0; i < 8; ++i) {
    kept.push_back(asking(host));
    EXPECT_EQ(kept.back().read_reply().status, 200);
  }
  const std::int64_t first = status(host, "pid");
  const std::int64_t served = generation(host);
  // What the files say by now is nobody's business.
  (void)host.folder().write("berth.yaml", "nonsense");
  kill_host(host);
  std::vector<RawClient> waiting;
  for (int i = 0; i < 50; ++i) waiting.push_back(asking(host));
  for (RawClient& client : kept) EXPECT_TRUE(client.closed_in_silence());
  for (RawClient& client : waiting) EXPECT_EQ(client.read_reply().status, 200);
  RawClient local(net::UnixAddress::parse(host.folder().path() + "/http.sock").value());
  EXPECT_TRUE(local.send(kHello));
  EXPECT_EQ(local.read_reply().status, 200);

  EXPECT_NE(status(host, "pid"), first);
  EXPECT_EQ(status(host, "supervisor"), host.child().pid());
  EXPECT_EQ(generation(host), served);
  const std::string log = host.stop();
  EXPECT_NE(log.find("error host " + std::to_string(first) +
                     " was killed by SIGKILL; a new one is started\n"),
            std::string::npos)
      << log;
  EXPECT_FALSE(std::filesystem::exists(host.folder().path() + "/http.sock"));
  EXPECT_FALSE(std::filesystem::exists(host.folder().path() + "/control.sock"));
}

TEST(Supervisor, TheNextHostServesWhatWasReloadedLast) {
  Host host(configuration());
  EXPECT_EQ(berth(host.folder(), {"reload"}).code, 0);
  EXPECT_EQ(generation(host), 2);
  kill_host(host);
  EXPECT_EQ(generation(host), 2);
  EXPECT_EQ(berth(host.folder(), {"reload"}).code, 0);
  EXPECT_EQ(generation(host), 3);
  EXPECT_EQ(host.hello("you"), "hello, you\n");
}

TEST(Supervisor, HowAHostEndedIsTold_F61) {
  Host host(configuration("quarantine: off\n"));
  const struct {
    const char* how;
    const char* told;
  } rows[] = {{"abort", " was killed by SIGABRT"},
              {"quick_exit", " exited with code 8; a new one is started"},
              {"exit", " exited with code 7; a new one is started"}};
  for (const auto& row : rows) {
    // A sanitizer has its say when a process exits in order.
    if (test::kSanitized && row.how == std::string_view("exit")) continue;
    RawClient client = host.connect();
    EXPECT_TRUE(client.send(std::string("GET /die/") + row.how + " HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_TRUE(client.closed_in_silence()) << row.how;
    EXPECT_TRUE(host.child().wait_for(row.told));
    EXPECT_EQ(host.hello("you"), "hello, you\n");
  }
}

TEST(Supervisor, AHostThatNeverStaysIsStartedEverMoreRarely) {
  Host host(configuration());
  for (int i = 0; i < 4; ++i) kill_host(host);  // each answered the status before
  EXPECT_EQ(host.hello("you"), "hello, you\n");
  const std::string log = host.stop();
  EXPECT_EQ(count(log, "; a new one is started"), 4U) << log;
  EXPECT_EQ(count(log, "; a new one is started in 100 ms\n"), 1U) << log;
  EXPECT_EQ(count(log, "; a new one is started in 200 ms\n"), 1U) << log;
  EXPECT_EQ(count(log, "; a new one is started in 400 ms\n"), 1U) << log;
}

TEST(Supervisor, AStopWhileTheHostIsReplacedIsOne) {
  Host host(configuration());
  kill_host(host);
  host.child().wait_for("; a new one is started");
  (void)host.stop();
  EXPECT_FALSE(std::filesystem::exists(host.folder().path() + "/http.sock"));
}

TEST(Supervisor, StopWaitsForTheSupervisorToo) {
  Host host(configuration());
  const pid_t supervisor = host.child().pid();
  ASSERT_GT(supervisor, 1);
  const Outcome outcome = berth(host.folder(), {"stop", "--wait"});
  EXPECT_EQ(outcome.out, "it has stopped\n") << outcome.err;
  EXPECT_EQ(host.child().wait(), 0);
  EXPECT_EQ(::kill(supervisor, 0), -1);
}

TEST(Supervisor, IfItIsKilledTheHostDrainsAndEnds) {
  Host host(configuration());
  RawClient upload = host.connect();
  EXPECT_TRUE(upload.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(upload.read_reply().status, 100);
  host.child().signal(SIGKILL);
  host.child().wait_for("the supervisor has ended, so this host stops");
  EXPECT_TRUE(upload.send("1234567890"));
  const Reply reply = upload.read_reply();
  EXPECT_EQ(reply.body, "1234567890");
  EXPECT_TRUE(reply.whole);
  EXPECT_EQ(host.child().wait(), 128 + SIGKILL);  // and the host, too, has closed its log
  EXPECT_NE(host.child().err().find(" info stopped "), std::string::npos) << host.child().err();
}

TEST(Supervisor, WithoutItThereIsOneProcess) {
  Host host(configuration(), Host::Alone{});
  EXPECT_EQ(status(host, "pid"), host.child().pid());
  EXPECT_EQ(status(host, "supervisor"), 0);
}

// As systemd's end of $NOTIFY_SOCKET.
class Manager {
 public:
  explicit Manager(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    const timeval deadline{60, 0};
    (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
  }
  // The next state; signs of life, which come at any time, are left out.
  std::string next() {
    std::string text = any();
    while (text == "WATCHDOG=1\n") text = any();
    return text;
  }
  std::string any() {
    std::array<char, 1000> bytes{};
    const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    EXPECT_GT(got, 0);
    return std::string(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  }

 private:
  base::Descriptor socket_;
};

TEST(Supervisor, SystemdHearsHowItGoes) {
  const Folder folder;
  const std::string path = folder.path() + "/notify";
  Manager manager(path);
  ChildOptions options;
  options.environment = {{"NOTIFY_SOCKET", path}, {"WATCHDOG_USEC", "2000000"}};
  Host host(configuration(), options);
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=serving generation 1\n");
  EXPECT_EQ(manager.any(), "WATCHDOG=1\n");

  host.child().signal(SIGHUP);
  const std::string reloading = manager.next();
  EXPECT_TRUE(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC=")) << reloading;
  EXPECT_EQ(manager.next(), "READY=1\nSTATUS=serving generation 2\n");
  (void)host.folder().write("berth.yaml", "nonsense");
  EXPECT_EQ(berth(host.folder(),
                  {"reload", "--dry-run", "--control", host.folder().path() + "/control.sock"})
                .code,
            1);  // which is nobody's business
  host.child().signal(SIGHUP);
  EXPECT_TRUE(manager.next().starts_with("RELOADING=1\n"));
  EXPECT_TRUE(
      manager.next().starts_with("READY=1\nSTATUS=serving generation 2; a reload was refused: "));

  // It is the supervisor's alone.
  for (const std::string name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "BERTH_LINK", "LISTEN_FDS"}) {
    RawClient client = host.connect();
    EXPECT_TRUE(client.send("GET /environment/" + name + " HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_EQ(client.read_reply().body, "not set") << name;
  }
  (void)host.folder().write("berth.yaml", configuration());
  kill_host(host);
  const std::string lost = manager.next();
  EXPECT_TRUE(lost.starts_with("STATUS=host ") &&
              lost.ends_with(" was killed by SIGKILL; a new one is started\n"))
      << lost;
  EXPECT_EQ(manager.next(), "STATUS=serving generation 2\n");
  (void)host.stop();
  EXPECT_EQ(manager.next(), "STOPPING=1\nSTATUS=stopping\n");
}

}  // namespace
}  // namespace berth::e2e
