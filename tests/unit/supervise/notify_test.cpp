#include "supervise/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

#include "base/descriptor.h"
#include "support/temporary_folder.h"

namespace berth::supervise {
namespace {

constexpr pid_t kSelf = 4242;

// As systemd's end of it.
class Manager {
 public:
  explicit Manager(const std::string& name) : socket_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path, sizeof address.sun_path - 1);
    if (name[0] == '@') address.sun_path[0] = '\0';
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())),
              0);
  }
  // The next datagram; empty: there is none.
  std::string next() {
    std::array<char, 1000> bytes{};
    const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    return std::string(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  }

 private:
  base::Descriptor socket_;
};

TEST(NotifyTest, EachStateIsOneDatagram) {
  const test::TemporaryFolder folder;
  for (const std::string& name :
       {folder.path() + "/notify", "@berth-notify-" + std::to_string(::getpid())}) {
    Manager manager(name);
    Notify notify({.notify_socket = name, .watchdog_usec = "2000000", .watchdog_pid = {}}, kSelf);
    EXPECT_TRUE(notify.has_watchdog());
    notify.ready("serving generation 1\nREADY=0");
    EXPECT_EQ(manager.next(), "READY=1\nSTATUS=serving generation 1 READY=0\n");
    notify.reloading(base::TimePoint(std::chrono::microseconds(12345)));
    EXPECT_EQ(manager.next(), "RELOADING=1\nMONOTONIC_USEC=12345\n");
    notify.status("x");
    EXPECT_EQ(manager.next(), "STATUS=x\n");
    notify.alive();
    EXPECT_EQ(manager.next(), "WATCHDOG=1\n");
    notify.stopping("stopping");
    EXPECT_EQ(manager.next(), "STOPPING=1\nSTATUS=stopping\n");
  }
}

TEST(NotifyTest, TheWatchdogIsFedByWhomItIsFor) {
  const std::string name = "@berth-watchdog-" + std::to_string(::getpid());
  Manager manager(name);
  const struct {
    const char* usec;
    const char* pid;
    bool wanted;
  } rows[] = {{"1000000", "", true},  {"1000000", "4242", true}, {"1000000", "1", false},
              {"", "", false},        {"0", "", false},          {"-5", "", false},
              {"1e6", "4242", false}, {"1000000", "x", false}};
  for (const auto& row : rows) {
    Notify notify({.notify_socket = name, .watchdog_usec = row.usec, .watchdog_pid = row.pid},
                  kSelf);
    EXPECT_EQ(notify.has_watchdog(), row.wanted) << row.usec << ' ' << row.pid;
    notify.alive();
    EXPECT_EQ(manager.next(), row.wanted ? "WATCHDOG=1\n" : "") << row.usec << ' ' << row.pid;
  }
}

TEST(NotifyTest, WithoutAManagerNothingHappens) {
  for (const std::string& name :
       {std::string(), std::string("relative"), std::string("/nowhere/notify"), std::string("@"),
        std::string("vsock:2:1234"), "/" + std::string(200, 'x')}) {
    Notify notify({.notify_socket = name, .watchdog_usec = "1000000", .watchdog_pid = {}}, kSelf);
    EXPECT_FALSE(notify.has_watchdog());
    notify.ready("x");
    notify.alive();
  }
}

}  // namespace
}  // namespace berth::supervise
