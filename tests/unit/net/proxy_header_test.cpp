#include "net/proxy_header.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"

namespace berth::net {
namespace {

using namespace std::string_literals;
using Error = ProxyHeaderError;

constexpr std::size_t kLimit = base::limits::kProxyHeader;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;

std::string number(std::size_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 0xff)};
}
std::string v2(char command, char family, const std::string& block) {
  return kSignature + command + family + number(block.size()) + block;
}
std::string tlv(char type, const std::string& value) {
  return std::string(1, type) + number(value.size()) + value;
}

const std::string kTcp4 = "\xc0\x00\x02\x01\xc0\x00\x02\x02\x12\x67\x01\xbb"s;
const std::string kTcp6 = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01\x20\x01\x0d\xb8"s +
                          std::string(11, '\0') + "\x02\x12\x67\x01\xbb"s;
const std::string kUnixPaths =
    "/client"s + std::string(101, '\0') + "/server" + std::string(101, '\0');

// What is said of all of it: "SOURCE DESTINATION SIZE", "the socket's SIZE", "more", or the error.
std::string verdict(std::string_view bytes, ProxyProtocol accepted = ProxyProtocol::kAny) {
  const auto parsed = parse_proxy_header(bytes, accepted);
  if (!parsed) return std::string(text_of(parsed.error()));
  if (!*parsed) return "more";
  const ProxyHeader& header = **parsed;
  const std::string size = " " + std::to_string(header.size);
  if (!header.proxied) {
    EXPECT_EQ(header.source.family(), AF_UNSPEC);
    EXPECT_EQ(header.destination.family(), AF_UNSPEC);
    return "the socket's" + size;
  }
  return header.source.text() + " " + header.destination.text() + size;
}

const std::string kMissing(text_of(Error::kMissing));
const std::string kMalformed(text_of(Error::kMalformed));
const std::string kNotStream(text_of(Error::kNotStream));
const std::string kTooLong(text_of(Error::kTooLong));

struct Row {
  std::string bytes;
  std::string verdict;
};

std::vector<Row> version1() {
  const std::string longest =
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
      "65535 65535\r\n";
  const std::string all_ones = "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535";
  return {
      {"PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", "192.0.2.1:56324 192.0.2.2:443 42"},
      {"PROXY TCP4 255.255.255.255 0.0.0.0 0 65535\r\n", "255.255.255.255:0 0.0.0.0:65535 44"},
      {"PROXY TCP6 2001:db8::1 2001:DB8::2 1 2\r\n", "[2001:db8::1]:1 [2001:db8::2]:2 40"},
      {"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1:1 [::1]:2 37"},
      {longest, all_ones + " " + all_ones + " 104"},
      {"PROXY UNKNOWN\r\n", "the socket's 15"},
      {"PROXY UNKNOWN \r\n", "the socket's 16"},
      {"PROXY UNKNOWN any \x01thing\xff\r\n", "the socket's 27"},
      {"PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", "the socket's 107"},
      {"PROXY UNKNOWN " + std::string(92, 'x') + "\r\n", kMalformed},
      {"PROXY UNKNOWN " + std::string(93, 'x'), kMalformed},
      {"PROXY UNKNOWN " + std::string(92, 'x') + "\r", kMalformed},
      {"PROXY UNKNOWN " + std::string(92, 'x'), "more"},
      {"PROXY UNKNOWN2\r\n", kMalformed},
      {"PROXY UNKNOWN\n", kMalformed},
      {"PROXY UNKNOWN \n \r\n", kMalformed},
      {"PROXY UNKNOWN\r", "more"},
      {"PROXY UNKNOWN\r\r\n", kMalformed},
      {"PROXY \r\n", kMalformed},
      {"PROXY TCP4\r\n", kMalformed},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n", kMalformed},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n", kMalformed},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n", kMalformed},
      {"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n", kMalformed},
      {"PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n", kMalformed},
      {"PROXY TCP4\t192.0.2.1 192.0.2.2 1 2\r\n", kMalformed},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n", kMalformed},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n", kMalformed},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 -1 2\r\n", kMalformed},
      {"PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n", kMalformed},
      {"PROXY TCP4 192.0.2.1 192.0.2.2  2\r\n", kMalformed},
      {"PROXY TCP4 192.0.2.01 192.0.2.2 1 2\r\n", kMalformed},
      {"PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n", kMalformed},
      {"PROXY TCP4 192.0.2 192.0.2.2 1 2\r\n", kMalformed},
      {"PROXY TCP4 ::1 ::2 1 2\r\n", kMalformed},
      {"PROXY TCP4 192.0.2.1\0 192.0.2.2 1 2\r\n"s, kMalformed},
      {"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", kMalformed},
      {"PROXY TCP6 fe80::1%1 ::2 1 2\r\n", kMalformed},
      {"PROXY TCP6 [::1] ::2 1 2\r\n", kMalformed},
      {"PROXY TCP6 1::2::3 ::2 1 2\r\n", kMalformed},
      {"PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n", kMalformed},
      {"PROXY tcp4 192.0.2.1 192.0.2.2 1 2\r\n", kMalformed},
      {"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n", kMissing},
      {"PROXY\tTCP4", kMissing},
      {"POST / HTTP/1.1\r\n", kMissing},
      {"GET / HTTP/1.1\r\n", kMissing},
      {"\r\n", "more"},  // version 2 begins so
      {"\n", kMissing},
      {"", "more"},
  };
}

std::vector<Row> version2() {
  const std::string ends4 = "192.0.2.1:4711 192.0.2.2:443 ";
  const std::string ends6 = "[2001:db8::1]:4711 [2001:db8::2]:443 ";
  const std::size_t rest = kLimit - 16 - kTcp4.size();
  return {
      {v2('\x21', '\x11', kTcp4), ends4 + "28"},
      {v2('\x21', '\x21', kTcp6), ends6 + "52"},
      {v2('\x21', '\x31', kUnixPaths), "unix: unix: 232"},
      {v2('\x20', '\0', ""), "the socket's 16"},
      {v2('\x20', '\x11', kTcp4), "the socket's 28"},
      {v2('\x20', '\x12', "?"), "the socket's 17"},
      {v2('\x20', '\xff', "whatever"), "the socket's 24"},
      {v2('\x21', '\0', ""), "the socket's 16"},
      {v2('\x21', '\0', "ignored"), "the socket's 23"},
      {v2('\x21', '\x11', kTcp4 + tlv('\x04', "") + tlv('\x01', "h2")), ends4 + "36"},
      {v2('\x21', '\x21', kTcp6 + tlv('\xea', std::string(300, '\xff'))), ends6 + "355"},
      {v2('\x21', '\x31', kUnixPaths + tlv('\x04', "0")), "unix: unix: 236"},
      {v2('\x21', '\x11', kTcp4 + std::string(rest, '\0')),
       rest % 3 == 0 ? ends4 + std::to_string(kLimit) : kMalformed},
      {v2('\x21', '\x11', kTcp4 + tlv('\x04', std::string(rest - 3, 'x'))),
       ends4 + std::to_string(kLimit)},
      {v2('\x21', '\x11', kTcp4 + tlv('\x04', std::string(rest - 2, 'x'))), kTooLong},
      {kSignature + "\x20"s + '\0' + "\xff\xff", kTooLong},
      {v2('\x21', '\x11', kTcp4 + "\x04"), kMalformed},
      {v2('\x21', '\x11', kTcp4 + "\x04\0"s), kMalformed},
      {v2('\x21', '\x11', kTcp4 + "\x04\0\x01"s), kMalformed},
      {v2('\x21', '\x11', kTcp4 + tlv('\x04', "a") + "\x04\0\x02x"s), kMalformed},
      {v2('\x21', '\x11', kTcp4.substr(1)), kMalformed},
      {v2('\x21', '\x11', ""), kMalformed},
      {v2('\x21', '\x21', kTcp6.substr(1)), kMalformed},
      {v2('\x21', '\x21', kTcp4), kMalformed},
      {v2('\x21', '\x31', kUnixPaths.substr(1)), kMalformed},
      {v2('\x21', '\x12', kTcp4), kNotStream},
      {v2('\x21', '\x22', kTcp6), kNotStream},
      {v2('\x21', '\x32', kUnixPaths), kNotStream},
      {v2('\x21', '\x01', kTcp4), kMalformed},
      {v2('\x21', '\x10', kTcp4), kMalformed},
      {v2('\x21', '\x13', kTcp4), kMalformed},
      {v2('\x21', '\x41', kTcp4), kMalformed},
      {v2('\x22', '\x11', kTcp4), kMalformed},
      {v2('\x11', '\x11', kTcp4), kMalformed},
      {v2('\x31', '\x11', kTcp4), kMalformed},
      {"\r\n\r\n\0\r\nQUIT\r"s, kMissing},
      {"\r\n\r\nGET / HTTP/1.1\r\n", kMissing},
      {kSignature, "more"},
      {kSignature + "\x21\x11"s, "more"},
  };
}

std::vector<Row> every_row() {
  std::vector<Row> rows = version1();
  for (Row& row : version2()) rows.push_back(std::move(row));
  return rows;
}

TEST(ProxyHeader, IsReadAsTheSpecificationSays) {
  for (const Row& row : every_row()) EXPECT_EQ(verdict(row.bytes), row.verdict) << row.bytes;
}

TEST(ProxyHeader, EndsWhereItSaysWhateverFollows) {
  for (const Row& row : every_row()) {
    if (row.verdict == "more") continue;
    for (const std::string_view rest : {"GET / HTTP/1.1\r\n", "\r\n", "\0", "PROXY UNKNOWN\r\n"}) {
      EXPECT_EQ(verdict(row.bytes + std::string(rest)), row.verdict) << row.bytes;
    }
  }
}

// Every prefix of what is good is incomplete; of what is not, an error once told stays.
TEST(ProxyHeader, ComesInPiecesCutAnywhere) {
  for (const Row& row : every_row()) {
    const bool good = parse_proxy_header(row.bytes, ProxyProtocol::kAny).ok();
    std::string told = "more";
    for (std::size_t size = 0; size < row.bytes.size(); ++size) {
      const std::string now = verdict(std::string_view(row.bytes).substr(0, size));
      ASSERT_TRUE(told == "more" || now == told) << row.bytes << " at " << size;
      told = now;
      ASSERT_TRUE(!good || now == "more") << row.bytes << " at " << size;
    }
    EXPECT_TRUE(told == "more" || told == row.verdict) << row.bytes;
  }
}

TEST(ProxyHeader, OfAnotherVersionIsNone) {
  for (const Row& row : version1()) {
    if (!row.bytes.starts_with("PROXY ")) continue;
    EXPECT_EQ(verdict(row.bytes, ProxyProtocol::kV1), row.verdict);
    EXPECT_EQ(verdict(row.bytes, ProxyProtocol::kV2), kMissing);
  }
  for (const Row& row : version2()) {
    if (!row.bytes.starts_with(kSignature)) continue;
    EXPECT_EQ(verdict(row.bytes, ProxyProtocol::kV2), row.verdict);
    EXPECT_EQ(verdict(row.bytes, ProxyProtocol::kV1), kMissing);
  }
}

TEST(ProxyHeader, AUnixClientHasNoCredentialsOfTheProxys) {
  const auto parsed = parse_proxy_header(v2('\x21', '\x31', kUnixPaths), ProxyProtocol::kV2);
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE((*parsed)->source.is_unix());
  EXPECT_FALSE((*parsed)->source.has_credentials());
}

}  // namespace
}  // namespace berth::net
