#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

#include "net/listen_address.h"
#include "net/raw_address.h"

namespace berth::net {
namespace {

RawAddress v4(const char* host, std::uint16_t port) {
  sockaddr_in raw{};
  raw.sin_family = AF_INET;
  raw.sin_port = htons(port);
  EXPECT_EQ(inet_pton(AF_INET, host, &raw.sin_addr), 1) << host;
  return RawAddress::from(reinterpret_cast<const sockaddr*>(&raw), sizeof raw);
}

RawAddress v6(const char* host, std::uint16_t port, std::uint32_t scope = 0) {
  sockaddr_in6 raw{};
  raw.sin6_family = AF_INET6;
  raw.sin6_port = htons(port);
  raw.sin6_scope_id = scope;
  EXPECT_EQ(inet_pton(AF_INET6, host, &raw.sin6_addr), 1) << host;
  return RawAddress::from(reinterpret_cast<const sockaddr*>(&raw), sizeof raw);
}

TEST(RawAddress, IsShownAsIpAndPort) {
  struct Row {
    RawAddress address;
    std::string_view text;
    std::string_view host;
  };
  const std::string_view longest = "[2001:db8:1111:2222:3333:4444:5555:6666]:65535";
  const std::array rows{
      Row{v4("203.0.113.7", 4711), "203.0.113.7:4711", "203.0.113.7"},
      Row{v4("0.0.0.0", 0), "0.0.0.0:0", "0.0.0.0"},
      Row{v4("255.255.255.255", 65535), "255.255.255.255:65535", "255.255.255.255"},
      Row{v6("2001:DB8:0:0:0:0:0:1", 80), "[2001:db8::1]:80", "2001:db8::1"},
      Row{v6("::", 8080), "[::]:8080", "::"},
      Row{v6("::ffff:192.0.2.1", 1), "192.0.2.1:1", "192.0.2.1"},
      Row{v6("fe80::1", 443, 2), "[fe80::1%2]:443", "fe80::1%2"},
      Row{v6("2001:db8::2", 443, 2), "[2001:db8::2]:443", "2001:db8::2"},
      Row{v6("2001:db8:1111:2222:3333:4444:5555:6666", 65535), longest,
          longest.substr(1, longest.size() - 8)},
      Row{RawAddress(), "-", "-"},
  };
  for (const Row& row : rows) {
    std::array<char, RawAddress::kMaxText> buffer{};
    EXPECT_EQ(row.address.text(buffer), row.text);
    EXPECT_EQ(row.address.host(buffer), row.host);
    EXPECT_EQ(row.address.text(), row.text);
  }
}

TEST(RawAddress, LongestTextFitsItsBuffer) {
  std::array<char, RawAddress::kMaxText> buffer{};
  const RawAddress address = v6("fe80:1111:2222:3333:4444:5555:6666:7777", 65535, UINT32_MAX);
  EXPECT_EQ(address.text(buffer), "[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535");
}

TEST(RawAddress, WhatIsNoWholeInternetAddressIsUnspecified) {
  sockaddr_in raw{};
  raw.sin_family = AF_INET;
  const auto* const address = reinterpret_cast<const sockaddr*>(&raw);
  EXPECT_EQ(RawAddress::from(address, sizeof raw).family(), AF_INET);
  EXPECT_EQ(RawAddress::from(address, sizeof raw - 1).family(), AF_UNSPEC);
  EXPECT_EQ(RawAddress::from(address, 0).family(), AF_UNSPEC);
  EXPECT_EQ(RawAddress::from(nullptr, 0).size(), 0U);
  raw.sin_family = AF_PACKET;
  EXPECT_EQ(RawAddress::from(address, sizeof raw).family(), AF_UNSPEC);
  raw.sin_family = AF_UNIX;  // of which only this much is kept
  EXPECT_TRUE(RawAddress::from(address, sizeof(sa_family_t)).is_unix());
  EXPECT_EQ(RawAddress::from(address, sizeof raw).size(), 0U);
  EXPECT_EQ(RawAddress::local_of(-1).family(), AF_UNSPEC);
}

TEST(ListenAddress, TakesHostAndPort) {
  struct Row {
    std::string_view text;
    bool every_address;
    std::uint16_t port;
    std::string_view raw;
  };
  constexpr std::array rows{
      Row{":8080", true, 8080, "[::]:8080"},
      Row{":0", true, 0, "[::]:0"},
      Row{"127.0.0.1:8080", false, 8080, "127.0.0.1:8080"},
      Row{"0.0.0.0:80", false, 80, "0.0.0.0:80"},
      Row{"[::1]:8080", false, 8080, "[::1]:8080"},
      Row{"[::]:65535", false, 65535, "[::]:65535"},
      Row{"[fe80::1%3]:80", false, 80, "[fe80::1%3]:80"},
  };
  for (const Row& row : rows) {
    const auto parsed = ListenAddress::parse(row.text);
    ASSERT_TRUE(parsed.ok()) << parsed.error().text;
    EXPECT_EQ(parsed->every_address(), row.every_address) << row.text;
    EXPECT_EQ(parsed->port(), row.port) << row.text;
    EXPECT_EQ(parsed->raw().text(), row.raw);
    EXPECT_EQ(parsed->text(), row.text);
    EXPECT_EQ(parsed->socket_address().port(), row.port) << row.text;
  }
}

TEST(ListenAddress, RefusesWithTheReason) {
  struct Row {
    std::string_view text;
    std::string_view reason;
  };
  constexpr std::array rows{
      Row{"", "no port"},
      Row{"8080", "no port"},
      Row{"localhost:8080", "no IP address"},
      Row{"*:8080", "no IP address"},
      Row{"127.1:8080", "no IP address"},
      Row{" 127.0.0.1:8080", "no IP address"},
      Row{"::1:8080", "in brackets"},
      Row{"[::1:8080", "not closed"},
      Row{"[::1]8080", "no number"},
      Row{"[127.0.0.1]:80", "no IPv6 address"},
      Row{"[]:80", "no IPv6 address"},
      Row{"[fe80::1%no-such-interface]:80", "no interface"},
      Row{":", "no number"},
      Row{":65536", "no number"},
      Row{":+80", "no number"},
      Row{":-1", "no number"},
      Row{":80 ", "no number"},
      Row{":http", "no number"},
      Row{std::string_view("127.0.0.1\0x:80", 14), "NUL"},
  };
  for (const Row& row : rows) {
    const auto parsed = ListenAddress::parse(row.text);
    ASSERT_FALSE(parsed.ok()) << row.text;
    EXPECT_EQ(parsed.error().code, base::ErrorCode::kInvalidArgument);
    EXPECT_NE(parsed.error().text.find(row.reason), std::string::npos) << parsed.error().text;
    EXPECT_NE(parsed.error().text.find(row.text), std::string::npos) << parsed.error().text;
  }
}

}  // namespace
}  // namespace berth::net
