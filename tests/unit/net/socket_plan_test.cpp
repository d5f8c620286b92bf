#include "net/socket_plan.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <string>

#include "net/listener.h"
#include "net/socket_name.h"
#include "support/temporary_folder.h"

namespace berth::net {
namespace {

class SocketPlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    here_.reset(ends[0]);
    there_.reset(ends[1]);
  }
  [[nodiscard]] Listener listening(const std::string& path) const {
    auto listener = Listener::open(
        UnixListenerOptions{.name = "x", .address = UnixAddress::parse(path).value()});
    EXPECT_TRUE(listener.ok());
    return std::move(*listener);
  }
  void send_bytes(const std::string& bytes) {
    ASSERT_EQ(::send(there_.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }

  test::TemporaryFolder folder_;
  base::Descriptor here_;
  base::Descriptor there_;
  SocketPlan plan_;
};

TEST_F(SocketPlanTest, WhoTakesASocketOverRemovesItsPathAndNobodyElse) {
  const std::string path = folder_.path() + "/a\nb.sock";
  {
    Listener listener = listening(path);
    const UnixPath made = listener.release_path();
    ASSERT_TRUE(send_socket(there_.get(), "listener/x", listener.fd(), made).ok());
    ASSERT_TRUE(send_socket(there_.get(), "control", listener.fd(), UnixPath()).ok());
  }
  EXPECT_TRUE(std::filesystem::is_socket(path));
  auto received = receive_plan(here_.get(), plan_);
  ASSERT_TRUE(received.ok());
  EXPECT_FALSE(*received);
  ASSERT_TRUE(send_end(there_.get(), {.sockets = {},
                                      .stop = std::chrono::seconds(35),
                                      .json_log = true,
                                      .user = "65532:65532:4,27",
                                      .link = 3,
                                      .handover = 4})
                  .ok());
  received = receive_plan(here_.get(), plan_);
  ASSERT_TRUE(received.ok());
  EXPECT_TRUE(*received);
  EXPECT_EQ(plan_.stop, std::chrono::seconds(35));
  EXPECT_TRUE(plan_.json_log);
  EXPECT_FALSE(plan_.standby);
  EXPECT_EQ(plan_.user, "65532:65532:4,27");
  EXPECT_EQ(plan_.link, 3U);
  EXPECT_EQ(plan_.handover, 4U);
  ASSERT_EQ(plan_.sockets.size(), 2U);
  PlannedSocket& taken = plan_.sockets.front();
  EXPECT_EQ(taken.name, "listener/x");
  EXPECT_EQ(socket_name(taken.socket.get()), "unix:" + path);
  EXPECT_NE(::fcntl(taken.socket.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_TRUE(plan_.sockets.back().path.empty());
  taken.path.remove();
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(SocketPlanTest, APathThatIsAnothersByNowStays) {
  const std::string path = folder_.path() + "/a.sock";
  Listener first = listening(path);
  const UnixPath made = first.release_path();
  ASSERT_TRUE(send_socket(there_.get(), "x", first.fd(), made).ok());
  ASSERT_TRUE(receive_plan(here_.get(), plan_).ok());
  ASSERT_EQ(plan_.sockets.size(), 1U);
  std::filesystem::remove(path);
  const Listener second = listening(path);
  plan_.sockets.front().path.remove();
  EXPECT_TRUE(std::filesystem::is_socket(path));
}

TEST_F(SocketPlanTest, ASenderThatEndsEarlyIsTold) {
  ASSERT_TRUE(send_socket(there_.get(), "x", here_.get(), UnixPath()).ok());
  there_.reset();
  const auto received = receive_plan(here_.get(), plan_);
  ASSERT_FALSE(received.ok());
  EXPECT_EQ(received.error().code, base::ErrorCode::kClosed);
}

TEST_F(SocketPlanTest, WhatIsNoPlanIsToldAndTakesNoDescriptor) {
  using namespace std::string_literals;
  for (const std::string& bytes :
       {"socket\0x\0\0"s + "0\0"s + "0\0"s, "end\0"s, "end\0-1\0text\0"s, "end\0x\0text\0"s,
        "end\0"s + "1\0text"s, "nonsense\0"s, std::string(3000, 'x')}) {
    send_bytes(bytes);
    const auto received = receive_plan(here_.get(), plan_);
    ASSERT_FALSE(received.ok()) << bytes;
    EXPECT_EQ(received.error().code, base::ErrorCode::kCorrupt);
  }
  EXPECT_TRUE(plan_.sockets.empty());
  EXPECT_FALSE(send_socket(there_.get(), std::string(5000, 'x'), here_.get(), UnixPath()).ok());
}

}  // namespace
}  // namespace berth::net
