#include "base/host_link.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <string>

#include "base/descriptor.h"

namespace berth::base {
namespace {

using Kind = HostMessage::Kind;

class HostLink : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    here_.reset(ends[0]);
    there_.reset(ends[1]);
  }
  void send_bytes(const std::string& bytes) {
    ASSERT_EQ(::send(there_.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
  }
  // The bytes of a message as it travels.
  std::string travelling(const HostMessage& message) {
    EXPECT_TRUE(send_message(there_.get(), message));
    std::string bytes(1000, '\0');
    const ssize_t got = ::recv(here_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
  }
  Received receive() { return receive_message(here_.get(), message_); }

  Descriptor here_;
  Descriptor there_;
  HostMessage message_;
};

TEST_F(HostLink, WhatIsSentArrives) {
  HostMessage sent;
  sent.kind = Kind::kReloaded;
  sent.generation = 7;
  sent.stop = std::chrono::seconds(35);
  sent.set_text("2 errors");
  ASSERT_TRUE(send_message(there_.get(), sent));
  ASSERT_EQ(receive(), Received::kMessage);
  EXPECT_EQ(message_.kind, Kind::kReloaded);
  EXPECT_EQ(message_.generation, 7U);
  EXPECT_EQ(message_.stop, std::chrono::seconds(35));
  EXPECT_EQ(message_.text(), "2 errors");
  EXPECT_EQ(receive(), Received::kNothing);
}

TEST_F(HostLink, ALongTextIsCut) {
  HostMessage sent;
  sent.set_text(std::string(300, 'x'));
  ASSERT_TRUE(send_message(there_.get(), sent));
  ASSERT_EQ(receive(), Received::kMessage);
  EXPECT_EQ(message_.text(), std::string(255, 'x'));
}

TEST_F(HostLink, OneByteIsACrash) {
  ASSERT_EQ(::write(there_.get(), &kCrashByte, 1), 1);
  EXPECT_EQ(receive(), Received::kCrash);
}

TEST_F(HostLink, WhatNobodySendsIsUnknownAndTheNextOneIsRead) {
  const std::string good = travelling({});
  std::string version = good;
  version[0] = static_cast<char>(version[0] + 1);
  std::string no_kind = good;
  no_kind[4] = 0;
  std::string high_kind = good;
  high_kind[4] = 100;
  std::string negative = good;
  negative[23] = static_cast<char>(0x80);  // the highest byte of `stop`
  for (const std::string& bytes : {std::string("X"), std::string("CC"), good.substr(1), good + "x",
                                   std::string(5000, 'C'), version, no_kind, high_kind, negative}) {
    send_bytes(bytes);
    EXPECT_EQ(receive(), Received::kUnknown) << bytes.size();
  }
  send_bytes(good);
  EXPECT_EQ(receive(), Received::kMessage);
}

TEST_F(HostLink, AnEndThatIsClosedIsToldAfterWhatItSent) {
  ASSERT_TRUE(send_message(there_.get(), {}));
  there_.reset();
  EXPECT_EQ(receive(), Received::kMessage);
  EXPECT_EQ(receive(), Received::kClosed);
  EXPECT_EQ(receive(), Received::kClosed);
  EXPECT_FALSE(send_message(here_.get(), {}));
}

TEST_F(HostLink, WhoDoesNotReadKeepsNobody) {
  int sent = 0;
  while (sent < 100'000 && send_message(there_.get(), {})) ++sent;
  EXPECT_LT(sent, 100'000);
  EXPECT_EQ(receive(), Received::kMessage);
}

}  // namespace
}  // namespace berth::base
