#include "config/address.h"

#include <gtest/gtest.h>

#include <string_view>

namespace berth::config {
namespace {

TEST(Address, IpLiteralsAndAnEmptyHostAreAccepted) {
  using Family = TcpAddress::Family;
  const struct {
    std::string_view text;
    Family family;
    std::string_view host;
    int port;
    std::string_view canonical;
  } rows[] = {
      {":8080", Family::kAny, "", 8080, ":8080"},
      {":0", Family::kAny, "", 0, ":0"},
      {":65535", Family::kAny, "", 65535, ":65535"},
      {"127.0.0.1:8080", Family::kIpv4, "127.0.0.1", 8080, "127.0.0.1:8080"},
      {"0.0.0.0:80", Family::kIpv4, "0.0.0.0", 80, "0.0.0.0:80"},
      {"[::1]:8080", Family::kIpv6, "::1", 8080, "[::1]:8080"},
      {"[::]:8080", Family::kIpv6, "::", 8080, "[::]:8080"},
      {"[2001:DB8:0:0::1]:443", Family::kIpv6, "2001:db8::1", 443, "[2001:db8::1]:443"},
  };
  for (const auto& row : rows) {
    const auto address = parse_address(row.text);
    ASSERT_TRUE(address.ok()) << row.text << ": " << address.error().what;
    EXPECT_EQ(address->family, row.family) << row.text;
    EXPECT_EQ(address->host, row.host);
    EXPECT_EQ(address->port, row.port);
    EXPECT_EQ(address->text(), row.canonical);
  }
}

TEST(Address, EverythingElseIsRefused) {
  for (const std::string_view text : {"",
                                      ":",
                                      "8080",
                                      "127.0.0.1",
                                      "[::1]",
                                      "[::1]:",
                                      "::1:8080",
                                      ":65536",
                                      ":-1",
                                      ":-0",
                                      ":080",
                                      ":http",
                                      ":8080 ",
                                      "localhost:8080",
                                      "*:8080",
                                      "127.0.0.1.:80",
                                      "127.1:80",
                                      "256.0.0.1:80",
                                      "[fe80::1%eth0]:80",
                                      "[127.0.0.1]:80",
                                      "[]:80",
                                      "[:80",
                                      "http://:8080",
                                      "1:2:3"}) {
    EXPECT_FALSE(parse_address(text).ok()) << text;
  }
}

TEST(Address, TwoListenersOverlapIfTheyShareAPortAndAHost) {
  const struct {
    std::string_view a;
    std::string_view b;
    bool only_ipv6;  // of b
    bool expected;
  } rows[] = {
      {":80", ":80", false, true},
      {":80", ":81", false, false},
      {":0", ":0", false, false},  // each gets a port of its own
      {":80", "127.0.0.1:80", false, true},
      {":80", "[::1]:80", false, true},
      {"0.0.0.0:80", "127.0.0.1:80", false, true},
      {"0.0.0.0:80", "[::1]:80", false, false},
      {"0.0.0.0:80", "[::]:80", false, true},
      {"0.0.0.0:80", "[::]:80", true, false},
      {"127.0.0.1:80", ":80", true, false},
      {"[::1]:80", ":80", true, true},
      {"127.0.0.1:80", "127.0.0.2:80", false, false},
      {"[::1]:80", "[0:0::1]:80", false, true},
  };
  for (const auto& row : rows) {
    Listener a;
    Listener b;
    a.address = *parse_address(row.a);
    b.address = *parse_address(row.b);
    b.socket.only_ipv6 = row.only_ipv6;
    EXPECT_EQ(overlap(a, b), row.expected) << row.a << ' ' << row.b;
    EXPECT_EQ(overlap(b, a), row.expected) << row.b << ' ' << row.a;
  }
}

}  // namespace
}  // namespace berth::config
