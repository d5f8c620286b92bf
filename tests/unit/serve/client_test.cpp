#include "serve/client.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "support/fake_transport.h"

namespace berth::serve {
namespace {

using Fields = TrustedProxies::Fields;

net::RawAddress address(std::string_view host, std::uint16_t port = 0) {
  return net::RawAddress::parse(host, port).value();
}

// Everything in 10.0.0.0/8 and fd00::/8.
TrustedProxies trusted(Fields fields) {
  TrustedProxies result;
  result.addresses.add(address("10.0.0.0").bytes(), 8);
  result.addresses.add(address("fd00::").bytes(), 8);
  result.fields = fields;
  return result;
}

// "ADDRESS SCHEME", "-" for a scheme that was not told.
std::string client(Fields family, const std::vector<http::Field>& fields,
                   const net::RawAddress& remote = address("10.0.0.1", 99)) {
  const Client found = find_client(fields, trusted(family), remote);
  return found.address.text() + " " + std::string(found.scheme.empty() ? "-" : found.scheme);
}

struct Row {
  std::vector<std::string_view> lines;  // "f:" X-Forwarded-For or Forwarded, "p:" -Proto, "o:" both
  std::string_view client;
};

std::vector<http::Field> fields_of(const Row& row, Fields family) {
  std::vector<http::Field> fields{{"Host", "example.org"}};
  for (const std::string_view line : row.lines) {
    const std::string_view value = line.substr(2);
    if (line.front() == 'p') {
      fields.push_back({"X-Forwarded-Proto", value});
    } else {
      fields.push_back({family == Fields::kForwarded ? "Forwarded" : "X-Forwarded-For", value});
    }
  }
  return fields;
}

TEST(XForwarded, TheFirstAddressFromTheEndThatIsNotTrustedIsTheClient) {
  const Row rows[] = {
      {{}, "10.0.0.1:99 -"},
      {{"f:203.0.113.7"}, "203.0.113.7:0 -"},
      {{"f:203.0.113.7:4711"}, "203.0.113.7:4711 -"},
      {{"f:2001:db8::1"}, "[2001:db8::1]:0 -"},
      {{"f:[2001:db8::1]:4711"}, "[2001:db8::1]:4711 -"},
      {{"f:::ffff:203.0.113.7"}, "203.0.113.7:0 -"},
      {{"f:198.51.100.1, 203.0.113.7"}, "203.0.113.7:0 -"},
      {{"f:198.51.100.1, 203.0.113.7, 10.0.0.2, fd00::3"}, "203.0.113.7:0 -"},
      {{"f:198.51.100.1", "f:203.0.113.7", "f:10.0.0.2"}, "203.0.113.7:0 -"},
      {{"f:10.0.0.3, 10.0.0.2"}, "10.0.0.3:0 -"},  // within the network: the outermost
      {{"f:::ffff:10.0.0.2"}, "10.0.0.2:0 -"},
      {{"f:203.0.113.7, ::ffff:10.0.0.2"}, "203.0.113.7:0 -"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(client(Fields::kXForwarded, fields_of(row, Fields::kXForwarded)), row.client);
  }
}

TEST(XForwarded, WhatIsNoAddressEndsTheWalkAtTheLastThatWas) {
  const Row rows[] = {
      {{"f:unknown"}, "10.0.0.1:99 -"},
      {{"f:203.0.113.7, unknown"}, "10.0.0.1:99 -"},
      {{"f:203.0.113.7, garbage, 10.0.0.2"}, "10.0.0.2:0 -"},
      {{"f:203.0.113.7, _hidden, 10.0.0.2"}, "10.0.0.2:0 -"},
      {{"f:203.0.113.7:99999"}, "10.0.0.1:99 -"},
      {{"f:203.0.113"}, "10.0.0.1:99 -"},
      {{"f:fe80::1%eth0"}, "10.0.0.1:99 -"},
      {{"f:example.org"}, "10.0.0.1:99 -"},
      {{"f:\"203.0.113.7\""}, "10.0.0.1:99 -"},
      {{"f:203.0.113.7 10.0.0.2"}, "10.0.0.1:99 -"},
      {{"f:for=203.0.113.7"}, "10.0.0.1:99 -"},
      {{"f:unix:"}, "10.0.0.1:99 -"},
      {{"f:,203.0.113.7,, ,"}, "203.0.113.7:0 -"},  // empty elements are none, RFC 9110 s5.6.1
  };
  for (const Row& row : rows) {
    EXPECT_EQ(client(Fields::kXForwarded, fields_of(row, Fields::kXForwarded)), row.client);
  }
}

TEST(XForwarded, TheSchemeIsOfTheSameHopOrOfTheOutermostThatTold) {
  const Row rows[] = {
      {{"p:https"}, "10.0.0.1:99 https"},
      {{"p:HTTP"}, "10.0.0.1:99 http"},
      {{"f:203.0.113.7", "p:https"}, "203.0.113.7:0 https"},
      {{"f:203.0.113.7", "p:https, http"}, "203.0.113.7:0 http"},  // the client wrote https itself
      {{"f:203.0.113.7", "p:https", "p:http"}, "203.0.113.7:0 http"},
      {{"f:203.0.113.7, 10.0.0.2", "p:https, http"}, "203.0.113.7:0 https"},
      {{"f:203.0.113.7, 10.0.0.2", "p:http, https, http"}, "203.0.113.7:0 https"},
      {{"f:203.0.113.7, 10.0.0.3, 10.0.0.2", "p:https"}, "203.0.113.7:0 https"},
      {{"f:203.0.113.7", "p:ftp"}, "203.0.113.7:0 -"},
      {{"f:203.0.113.7", "p:https://"}, "203.0.113.7:0 -"},
      {{"f:203.0.113.7", "p:\"https\""}, "203.0.113.7:0 -"},
      {{"f:203.0.113.7", "p:"}, "203.0.113.7:0 -"},
      {{"f:garbage", "p:https"}, "10.0.0.1:99 https"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(client(Fields::kXForwarded, fields_of(row, Fields::kXForwarded)), row.client);
  }
}

TEST(Forwarded, TheFirstAddressFromTheEndThatIsNotTrustedIsTheClient) {
  const Row rows[] = {
      {{}, "10.0.0.1:99 -"},
      {{"f:for=203.0.113.7"}, "203.0.113.7:0 -"},
      {{"f:for=203.0.113.7;proto=https;by=10.0.0.1"}, "203.0.113.7:0 https"},
      {{R"(f:proto=HTTPS;For="203.0.113.7:4711")"}, "203.0.113.7:4711 https"},
      {{R"(f:for="[2001:db8::1]:4711";proto=http)"}, "[2001:db8::1]:4711 http"},
      {{R"(f:for="[::ffff:203.0.113.7]")"}, "203.0.113.7:0 -"},
      {{"f:for=198.51.100.1;proto=http, for=203.0.113.7;proto=https"}, "203.0.113.7:0 https"},
      {{"f:for=203.0.113.7;proto=https, for=10.0.0.2;proto=http"}, "203.0.113.7:0 https"},
      {{"f:for=203.0.113.7, for=10.0.0.2;proto=https"}, "203.0.113.7:0 https"},
      {{"f:for=203.0.113.7;proto=ws, for=10.0.0.2;proto=https"}, "203.0.113.7:0 https"},
      {{"f:for=203.0.113.7", R"(f:for="[fd00::3]", for=10.0.0.2)"}, "203.0.113.7:0 -"},
      {{R"(f:for=1.1.1.1;host="a,b", for=10.0.0.2;host="a,b")"}, "1.1.1.1:0 -"},
      {{"f:for=10.0.0.3, for=10.0.0.2"}, "10.0.0.3:0 -"},
      {{"p:https"}, "10.0.0.1:99 -"},  // another family
  };
  for (const Row& row : rows) {
    EXPECT_EQ(client(Fields::kForwarded, fields_of(row, Fields::kForwarded)), row.client);
  }
}

TEST(Forwarded, WhatIsNoAddressEndsTheWalkAtTheLastThatWas) {
  const Row rows[] = {
      {{"f:for=unknown;proto=https"}, "10.0.0.1:99 https"},
      {{"f:for=203.0.113.7, for=_hidden;proto=https, for=10.0.0.2"}, "10.0.0.2:0 https"},
      {{"f:for=203.0.113.7, proto=https"}, "10.0.0.1:99 https"},
      {{"f:for=203.0.113.7, for=;proto=https"}, "10.0.0.1:99 -"},
      {{"f:for=203.0.113.7:80;proto=https"}, "10.0.0.1:99 -"},
      {{"f:for=203.0.113.7, for=example.org;proto=https, for=10.0.0.2"}, "10.0.0.2:0 -"},
      {{R"(f:for="2001:db8::1";proto=https)"}, "10.0.0.1:99 -"},
      {{R"(f:for="[203.0.113.7]";proto=https)"}, "10.0.0.1:99 -"},
      {{R"(f:for="[fe80::1%1]";proto=https)"}, "10.0.0.1:99 -"},
      {{R"(f:for=203.0.113.7, for="10.0.0.2)"}, "10.0.0.1:99 -"},
      {{R"(f:for=203.0.113.7;for=203.0.113.7)"}, "10.0.0.1:99 -"},
      {{R"(f:for="203.0.113.7\)", "f:for=10.0.0.2"}, "10.0.0.2:0 -"},
      {{R"(f:for=1.1.1.1, for="203.0.113.7, for=10.0.0.2)"}, "10.0.0.2:0 -"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(client(Fields::kForwarded, fields_of(row, Fields::kForwarded)), row.client);
  }
}

TEST(FindClient, BelievesNobodyWhoIsNotTrusted) {
  const std::vector<http::Field> fields{{"X-Forwarded-For", "198.51.100.1"},
                                        {"X-Forwarded-Proto", "https"},
                                        {"Forwarded", "for=198.51.100.1;proto=https"}};
  for (const Fields family : {Fields::kXForwarded, Fields::kForwarded}) {
    EXPECT_EQ(client(family, fields, address("203.0.113.7", 4711)), "203.0.113.7:4711 -");
    EXPECT_EQ(client(family, fields, net::RawAddress::unix_peer_of(-1)), "unix: -");
    EXPECT_EQ(client(family, fields, net::RawAddress()), "- -");
  }
}

TEST(FindClient, BelievesAUnixPeerWhereThoseAreTrusted) {
  TrustedProxies proxies = trusted(Fields::kXForwarded);
  proxies.addresses.add_unix();
  const std::vector<http::Field> fields{{"X-Forwarded-For", "203.0.113.7, 10.0.0.2"}};
  const Client found = find_client(fields, proxies, net::RawAddress::unix_peer_of(-1));
  EXPECT_EQ(found.address.text(), "203.0.113.7:0");
}

TEST(FindClient, BelievesOneFamilyOfFieldsAndNeverBoth) {
  const std::vector<http::Field> fields{{"X-Forwarded-For", "198.51.100.1"},
                                        {"X-Forwarded-Proto", "http"},
                                        {"Forwarded", "for=203.0.113.7;proto=https"}};
  EXPECT_EQ(client(Fields::kXForwarded, fields), "198.51.100.1:0 http");
  EXPECT_EQ(client(Fields::kForwarded, fields), "203.0.113.7:0 https");
}

TEST(FindClient, FollowsSoManyElementsAndNoMore) {
  for (const bool forwarded : {false, true}) {
    const std::string hop = forwarded ? ", for=10.0.0.2" : ", 10.0.0.2";
    std::string value = forwarded ? "for=203.0.113.7" : "203.0.113.7";
    for (std::size_t i = 1; i < base::limits::kForwardedHops; ++i) value += hop;
    const auto family = forwarded ? Fields::kForwarded : Fields::kXForwarded;
    const std::string_view name = forwarded ? "Forwarded" : "X-Forwarded-For";
    EXPECT_EQ(client(family, {{name, value}}), "203.0.113.7:0 -");
    value += hop;
    EXPECT_EQ(client(family, {{name, value}}), "10.0.0.2:0 -");
  }
}

TEST(Request, TellsTheClientThatTrustedProxiesName) {
  test::FakeConnection connection;
  TrustedProxies proxies = trusted(Fields::kXForwarded);
  proxies.addresses.add(address("192.0.2.1").bytes(), 32);
  connection.set_trusted_proxies(proxies);
  const auto ask = [&](std::vector<std::pair<std::string, std::string>> lines) -> Request& {
    return connection.open("GET", "/", std::move(lines)).exchange.request();
  };
  Request& first = ask({{"X-Forwarded-For", "203.0.113.7"}, {"X-Forwarded-Proto", "https"}});
  EXPECT_EQ(first.scheme(), "https");
  EXPECT_EQ(first.remote_address(), "203.0.113.7:0");
  EXPECT_EQ(first.remote().port(), 0);
  EXPECT_EQ(first.connected().remote_address(), "192.0.2.1:4711");
  EXPECT_EQ(first.field("X-Forwarded-For"), "203.0.113.7") << "fields stay";
  Request& second = ask({{"X-Forwarded-For", "198.51.100.9:1"}});
  EXPECT_EQ(second.remote_address(), "198.51.100.9:1");
  EXPECT_EQ(second.scheme(), "http");
  Request& third = ask({});
  EXPECT_EQ(third.remote_address(), "192.0.2.1:4711");
  third.disconnect();
  EXPECT_EQ(third.remote_address(), "");
  EXPECT_EQ(third.scheme(), "http");
}

TEST(Request, WithoutTrustedProxiesIsThePeers) {
  test::FakeConnection connection;
  Request& request = connection
                         .open("GET", "/",
                               {{"X-Forwarded-For", "203.0.113.7"},
                                {"X-Forwarded-Proto", "https"},
                                {"Forwarded", "for=203.0.113.7;proto=https"}})
                         .exchange.request();
  EXPECT_EQ(request.remote_address(), "192.0.2.1:4711");
  EXPECT_EQ(request.remote().text(), "192.0.2.1:4711");
  EXPECT_EQ(request.scheme(), "http");
}

}  // namespace
}  // namespace berth::serve
