// Faults of the system around the host, each survived: descriptors run out, signals, a taken port.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/host.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

constexpr std::string_view kHello = "GET /hello/you HTTP/1.1\r\nHost: h\r\n\r\n";

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

// Flags of every descriptor of a process but the standard ones, as /proc shows them.
std::vector<std::string> without_close_on_exec(pid_t pid) {
  std::vector<std::string> found;
  const std::string folder = "/proc/" + std::to_string(pid);
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/fdinfo")) {
    const int number = std::stoi(entry.path().filename().string());
    if (number <= 2) continue;
    std::ifstream file(entry.path());
    unsigned long flags = 0;
    for (std::string key; file >> key;) {
      if (key != "flags:") continue;
      file >> std::oct >> flags;
      break;
    }
    if ((flags & static_cast<unsigned long>(O_CLOEXEC)) != 0) continue;
    std::error_code gone;
    found.push_back(std::filesystem::read_symlink(folder + "/fd/" + std::to_string(number), gone));
  }
  return found;
}

// RLIMIT_NOFILE bounds the numbers.
rlim_t highest_descriptor(pid_t pid) {
  rlim_t highest = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
    highest = std::max<rlim_t>(highest, std::stoul(entry.path().filename().string()));
  }
  return highest;
}

TEST(Faults, WithoutDescriptorsItGoesOnAndTakesConnectionsAgainLater_F37) {
  Host host(usual(), Host::Alone{});
  RawClient first = host.connect();
  ASSERT_TRUE(first.send(kHello));
  EXPECT_EQ(first.read_reply().status, 200);

  const rlimit few{.rlim_cur = highest_descriptor(host.child().pid()) + 12, .rlim_max = 1 << 10};
  ASSERT_EQ(::prlimit(host.child().pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  // More than it can have. Those it cannot have get a 503, or wait until it has room.
  std::vector<RawClient> clients;
  for (rlim_t i = 0; i < few.rlim_cur + 10; ++i) {
    clients.push_back(host.connect());
    (void)clients.back().send(kHello);
    ASSERT_TRUE(first.send(kHello)) << "who is there is served";
    ASSERT_EQ(first.read_reply().status, 200);
  }
  EXPECT_EQ(clients.front().read_reply().status, 200);

  clients.clear();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::string body;
  while (body != "hello, you\n" && std::chrono::steady_clock::now() < deadline) {
    body = host.hello("you");
  }
  EXPECT_EQ(body, "hello, you\n");
  const std::string log = host.stop();
  EXPECT_GE(count(log, "cannot accept connections for now"), 1U);
}

TEST(Faults, ABrokenPipeEndsNothing_F44) {
  Host host(usual(), Host::Alone{});
  host.child().signal(SIGPIPE);
  RawClient client = host.connect();
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n"));
  ASSERT_TRUE(client.send(std::string(1'000'000, 'x')));
  client.reset();
  EXPECT_EQ(host.hello("you"), "hello, you\n");
}

TEST(Faults, AStoppedProcessGoesOnWhereItWas_F45) {
  Host host(usual(), Host::Alone{});
  RawClient idle = host.connect();
  ASSERT_TRUE(idle.send(kHello));
  EXPECT_EQ(idle.read_reply().status, 200);
  RawClient half = host.connect();
  ASSERT_TRUE(half.send(kHello.substr(0, 10)));
  host.child().signal(SIGSTOP);
  ASSERT_TRUE(idle.send(kHello));
  ASSERT_TRUE(half.send(kHello.substr(10)));
  RawClient queued = host.connect();
  ASSERT_TRUE(queued.send(kHello));
  host.child().signal(SIGCONT);
  for (RawClient* client : {&idle, &half, &queued}) EXPECT_EQ(client->read_reply().status, 200);
}

TEST(Faults, APortIsSharedWithNobody_F46) {
  Host host(usual());
  const base::Descriptor thief(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  for (const int option : {SO_REUSEADDR, SO_REUSEPORT}) {
    ASSERT_EQ(::setsockopt(thief.get(), SOL_SOCKET, option, &on, sizeof on), 0);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(host.port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_NE(::bind(thief.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(errno, EADDRINUSE);

  const Folder folder;
  const std::string file =
      folder.write("berth.yaml", "listen:\n  - { name: public, address: \"127.0.0.1:" +
                                     std::to_string(host.port()) + "\" }\nroutes: []\n");
  const Outcome second = berth(folder, {"run", "--allow-root", "-c", file});
  EXPECT_EQ(second.code, 1);
  EXPECT_NE(second.err.find("Address already in use"), std::string::npos) << second.err;
  EXPECT_EQ(host.hello("you"), "hello, you\n");
}

TEST(Faults, AChildOfAHandlerInheritsNoDescriptor_F47) {
  Host host(usual(), Host::Alone{});
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(host.connect());
    ASSERT_TRUE(clients.back().send(kHello));
    EXPECT_EQ(clients.back().read_reply().status, 200);
  }
  EXPECT_EQ(without_close_on_exec(host.child().pid()), std::vector<std::string>());
}

}  // namespace
}  // namespace berth::e2e
