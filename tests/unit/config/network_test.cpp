#include "config/network.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace berth::config {
namespace {

TEST(Network, IsWrittenAsItIsRead) {
  struct Row {
    std::string_view text;
    std::string_view canonical;
    std::size_t prefix;
  };
  constexpr auto rows = std::to_array<Row>({
      {"unix", "unix", 0},
      {"192.0.2.1", "192.0.2.1", 32},
      {"192.0.2.1/32", "192.0.2.1", 32},
      {"10.0.0.0/8", "10.0.0.0/8", 8},
      {"0.0.0.0/0", "0.0.0.0/0", 0},
      {"192.0.2.128/25", "192.0.2.128/25", 25},
      {"2001:DB8:0::/32", "2001:db8::/32", 32},
      {"2001:db8::1", "2001:db8::1", 128},
      {"fe80::/10", "fe80::/10", 10},
      {"::/0", "::/0", 0},
      {"::ffff:192.0.2.1", "192.0.2.1", 32},
      {"::ffff:10.0.0.0/104", "10.0.0.0/8", 8},
      {"::ffff:0:0/96", "0.0.0.0/0", 0},
      {"::/95", "::/95", 95},
  });
  for (const Row& row : rows) {
    const auto network = parse_network(row.text);
    ASSERT_TRUE(network.ok()) << row.text << ": " << network.error().what;
    EXPECT_EQ(network->text(), row.canonical);
    EXPECT_EQ(network->prefix, row.prefix) << row.text;
    const auto again = parse_network(row.canonical);
    ASSERT_TRUE(again.ok()) << row.canonical;
    EXPECT_EQ(*again, *network);
  }
}

TEST(Network, IsRefusedWithAReason) {
  struct Row {
    std::string_view text;
    std::string_view what;
    std::string_view help;
    std::string_view suggestion = {};
  };
  constexpr auto rows = std::to_array<Row>({
      {"10.1.2.3/8", "bits behind its prefix", "", "10.0.0.0/8"},
      {"2001:db8::1/32", "bits behind its prefix", "", "2001:db8::/32"},
      {"::ffff:10.1.2.3/104", "bits behind its prefix", "", "::ffff:10.0.0.0/104"},
      {"10.0.0.0/33", "\"33\" is not a prefix", "0 to 32"},
      {"::/129", "\"129\" is not a prefix", "0 to 128"},
      {"10.0.0.0/", "is not a prefix", "0 to 32"},
      {"10.0.0.0/-0", "is not a prefix", "0 to 32"},
      {"10.0.0.0/8/8", "is not a prefix", "0 to 32"},
      {"[::1]", "has brackets", "without"},
      {"10.0.0.1:80", "has a port", "alone"},
      {"fe80::1%eth0", "zone ids", "fe80::/10"},
      {"10.0.0", "is not an address or a network", "write"},
      {"proxy", "names are not resolved", "write"},
      {"unxi", "is not an address or a network", "write", "unix"},
      {"", "is not an address or a network", "write"},
      {std::string_view("10.0.0.1\0", 9), "is not an address or a network", "write"},
  });
  for (const Row& row : rows) {
    const auto network = parse_network(row.text);
    ASSERT_FALSE(network.ok()) << row.text;
    EXPECT_NE(network.error().what.find(row.what), std::string::npos) << network.error().what;
    EXPECT_EQ(network.error().suggestion, row.suggestion) << row.text;
    EXPECT_NE(network.error().help.find(row.help), std::string::npos) << network.error().help;
  }
}

}  // namespace
}  // namespace berth::config
