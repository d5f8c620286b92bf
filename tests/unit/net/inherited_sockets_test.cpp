#include "net/inherited_sockets.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

namespace berth::net {
namespace {

constexpr pid_t kSelf = 4711;
// Where no other descriptor of a test is.
constexpr int kFirst = 200;

using Names = std::vector<std::string>;

// `count` open descriptors from kFirst on, as a parent hands them down: without CLOEXEC.
class HandedDown {
 public:
  explicit HandedDown(int count) : count_(count) {
    for (int i = 0; i < count_; ++i) EXPECT_EQ(::dup2(STDERR_FILENO, kFirst + i), kFirst + i);
  }
  HandedDown(const HandedDown&) = delete;
  HandedDown& operator=(const HandedDown&) = delete;
  ~HandedDown() {
    for (int i = 0; i < count_; ++i) ::close(kFirst + i);
  }

 private:
  int count_;
};

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

auto take(std::optional<std::string> pid, std::optional<std::string> fds,
          std::optional<std::string> names) {
  return InheritedSockets::take({pid, fds, names}, kSelf, kFirst);
}

TEST(InheritedSockets, AreTakenByNameAndTheRestIsClosed) {
  const HandedDown handed(3);
  {
    auto sockets = take("4711", "3", "http:admin:http");
    ASSERT_TRUE(sockets.ok()) << sockets.error().text;
    EXPECT_NE(::fcntl(kFirst + 2, F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(sockets->names(), (Names{"http", "admin"}));
    const auto http = sockets->take("http");
    ASSERT_EQ(http.size(), 2U);
    EXPECT_EQ(http[0].get(), kFirst);
    EXPECT_EQ(http[1].get(), kFirst + 2);
    EXPECT_TRUE(sockets->take("http").empty());
    EXPECT_TRUE(sockets->take("nobody").empty());
    EXPECT_EQ(sockets->names(), Names{"admin"});
    EXPECT_EQ(sockets->explain(), "there are http, admin");
  }
  EXPECT_FALSE(is_open(kFirst + 1));
}

TEST(InheritedSockets, WithoutNamesAreUnknown) {
  const HandedDown handed(1);
  auto sockets = take("4711", "1", std::nullopt);
  ASSERT_TRUE(sockets.ok());
  EXPECT_EQ(sockets->take("unknown").size(), 1U);
}

TEST(InheritedSockets, OfAnotherProcessAreLeftAlone) {
  const HandedDown handed(1);
  auto sockets = take("4712", "1", "http");
  ASSERT_TRUE(sockets.ok());
  EXPECT_TRUE(sockets->take("http").empty());
  EXPECT_EQ(::fcntl(kFirst, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(sockets->explain(), "LISTEN_PID names another process, so there are no descriptors");
}

TEST(InheritedSockets, AreNoneWithoutTheVariables) {
  for (const auto& sockets : {take({}, {}, {}), take("4711", {}, {}), take({}, "1", "http"),
                              take("4711", "0", {}), take("4711", "0", "")}) {
    // An empty LISTEN_FDNAMES is no name where there are no descriptors.
    ASSERT_TRUE(sockets.ok());
    EXPECT_TRUE(sockets->names().empty());
    EXPECT_TRUE(sockets->explain().starts_with("LISTEN_FDS names no descriptors"));
  }
}

TEST(InheritedSockets, AreRefusedWhereTheVariablesContradict) {
  const HandedDown handed(2);
  const struct {
    const char* pid;
    const char* fds;
    std::optional<std::string> names;
    const char* text;
  } rows[] = {
      {"me", "1", {}, "LISTEN_PID is no number: \"me\""},
      {"", "1", {}, "LISTEN_PID is no number: \"\""},
      {"-1", "1", {}, "LISTEN_PID is no number: \"-1\""},
      {"4711", "x", {}, "LISTEN_FDS is no number: \"x\""},
      {"4711", "99999999999", {}, "LISTEN_FDS is no number: \"99999999999\""},
      {"4711", "2", "http", "LISTEN_FDS says 2 descriptors, LISTEN_FDNAMES has 1 names"},
      {"4711", "1", "a:b", "LISTEN_FDS says 1 descriptors, LISTEN_FDNAMES has 2 names"},
  };
  for (const auto& row : rows) {
    const auto sockets = take(row.pid, row.fds, row.names);
    ASSERT_FALSE(sockets.ok()) << row.text;
    EXPECT_EQ(sockets.error().text, row.text);
  }
}

TEST(InheritedSockets, AreRefusedWhereOneIsNotOpen) {
  const HandedDown handed(1);
  const auto sockets = take("4711", "2147483647", {});
  ASSERT_FALSE(sockets.ok());
  EXPECT_EQ(sockets.error().text,
            "LISTEN_FDS says 2147483647 descriptors, but descriptor 201 is not open");
}

}  // namespace
}  // namespace berth::net
