// A listener with proxy_protocol: every connection begins with a PROXY header, and is then that of
// the client it names.
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "support/fake_clock.h"
#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using net::ProxyProtocol;
using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;

constexpr std::string_view kEnds = "GET /ends HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string kV1 = "PROXY TCP4 203.0.113.7 198.51.100.1 4711 443\r\n";
const std::string kV1Unknown = "PROXY UNKNOWN\r\n";
const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
// 203.0.113.7:4711 to 198.51.100.1:443, with a TLV of no meaning.
const std::string kV2 = kSignature + "\x21\x11\0\x13"s +
                        "\xcb\0\x71\x07\xc6\x33\x64\x01\x12\x67\x01\xbb"s + "\x04\0\x04zzzz"s;
const std::string kV2Local = kSignature + "\x20\0\0\0"s;
const std::string kV2Unix = kSignature + "\x21\x31\0\xd8"s + std::string(216, '\0');
constexpr std::string_view kNamed = "203.0.113.7:4711 198.51.100.1:443 ";

struct ProxyHeaders : ::testing::Test {
  ProxyHeaders() {
    test::add_usual_routes(routes);
    routes.add("/ends", [](ResponseWriter& response, Request& request) {
      serve::Connected& connected = request.connected();
      (void)response.write(std::string(connected.remote_address()) + " " +
                           std::string(connected.local_address()) + " " +
                           std::string(connected.peer_address()));
    });
  }
  void start(ProxyProtocol accepted = ProxyProtocol::kAny) {
    options.proxy_protocol = accepted;
    server.emplace(routes, options);
  }
  void start_with_fake_clock() {
    clock.emplace(1h);
    options.clock = &*clock;
    start();
  }
  static bool is_open(RawClient& client) {
    (void)client.received();
    return client.end() == RawClient::End::kOpen;
  }
  static std::string ends(RawClient& client) {
    EXPECT_TRUE(client.send(kEnds));
    return client.read_reply().body;
  }
  [[nodiscard]] std::uint64_t refused() const {
    return server->count(observe::Counter::kProxyHeadersRefused);
  }

  test::Routes routes;
  test::TestServerOptions options;
  std::optional<test::FakeClock> clock;
  std::optional<test::TestServer> server;
};

TEST_F(ProxyHeaders, TheConnectionIsThatOfTheClientTheHeaderNames) {
  options.loops = 2;
  start();
  for (const std::string& header : {kV1, kV2}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(header));
    const std::string first = ends(client);
    EXPECT_TRUE(first.starts_with(std::string(kNamed) + "127.0.0.1:")) << first;
    EXPECT_EQ(ends(client), first) << "of every request";
  }
  EXPECT_EQ(refused(), 0U);
}

TEST_F(ProxyHeaders, AProxyThatSpeaksForItselfKeepsTheSocketsAddresses) {
  start();
  for (const std::string& header : {kV1Unknown, kV2Local}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(header));
    const std::string text = ends(client);
    const std::string peer = text.substr(text.rfind(' ') + 1);
    EXPECT_EQ(text, peer + " 127.0.0.1:" + std::to_string(server->port()) + " " + peer);
  }
}

TEST_F(ProxyHeaders, AClientOfTheProxysUnixSocketHasNoCredentials) {
  options.address = net::UnixAddress::parse("@berth-proxied-" + std::to_string(::getpid())).value();
  start();
  RawClient client(*options.address);
  ASSERT_TRUE(client.send(kV2Unix));
  const std::string text = ends(client);
  EXPECT_TRUE(text.starts_with("unix: unix: unix:uid=" + std::to_string(::geteuid()) + ","))
      << text;
}

TEST_F(ProxyHeaders, HeaderAndRequestsMayComeInPiecesCutAnywhere) {
  start();
  for (const std::string& header : {kV1, kV2}) {
    const std::string bytes = header + std::string(kEnds) + std::string(kEnds);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      RawClient client = server->connect();
      ASSERT_TRUE(client.send(bytes.substr(0, cut)));
      server->settle();
      ASSERT_TRUE(client.send(bytes.substr(cut)));
      for (const Reply& reply : client.read_replies(2)) {
        ASSERT_TRUE(reply.body.starts_with(kNamed)) << cut;
      }
    }
    RawClient client = server->connect();
    client.send_in_pieces(bytes, 1);
    EXPECT_TRUE(client.read_reply().body.starts_with(kNamed));
  }
}

TEST_F(ProxyHeaders, WhatComesWithTheHeaderIsServedWhole) {
  start();
  std::string bytes = kV2;
  for (int i = 0; i < 40; ++i) {
    const std::string body(5000, static_cast<char>('a' + i % 26));
    bytes += "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n" + body;
  }
  bytes +=
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(bytes));
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(client.read_reply().body, std::string(5000, static_cast<char>('a' + i % 26)));
  }
  EXPECT_EQ(client.read_reply().body, "abc");
}

TEST_F(ProxyHeaders, AFinBehindTheRequestIsNoEnd) {
  start();
  for (const std::string& header : {kV1, kV2}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(header + std::string(kEnds)));
    client.half_close();
    const std::vector<Reply> replies = client.read_all();
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_TRUE(replies[0].body.starts_with(kNamed));
  }
}

TEST_F(ProxyHeaders, WithoutOneTheConnectionIsClosedWithoutAReply) {
  start();
  const std::vector<std::string> openings = {
      std::string(kEnds),
      "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"s,
      "PROXY TCP4 203.0.113.7 198.51.100.1 4711 99999\r\n" + std::string(kEnds),
      "PROXY TCP4 203.0.113.7" + std::string(100, '0'),
      kSignature + "\x21\x12\0\x0c"s + std::string(12, '\0'),
      kSignature + "\x21\x11\xff\xff"s,
  };
  for (const std::string& opening : openings) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(opening));
    EXPECT_TRUE(client.closed_in_silence()) << opening;
  }
  EXPECT_EQ(refused(), openings.size());
  EXPECT_EQ(server->count(observe::Counter::kRequests), 0U);
}

TEST_F(ProxyHeaders, OfAnotherVersionTheConnectionIsClosed) {
  start(ProxyProtocol::kV1);
  RawClient second = server->connect();
  ASSERT_TRUE(second.send(kV2));
  EXPECT_TRUE(second.closed_in_silence());
  RawClient first = server->connect();
  ASSERT_TRUE(first.send(kV1));
  EXPECT_TRUE(ends(first).starts_with(kNamed));
}

TEST_F(ProxyHeaders, ThereIsOnlyOne) {
  start();
  for (const std::string& second : {kV1, kV2}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(kV1 + second));
    EXPECT_EQ(client.read_reply().status, 400);
  }
}

TEST_F(ProxyHeaders, AnEndWithinTheHeaderClosesInSilence) {
  start();
  for (const std::string& bytes : {std::string(), kV1.substr(0, 20), kV2.substr(0, 20)}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(bytes));
    client.half_close();
    EXPECT_TRUE(client.closed_in_silence());
  }
  EXPECT_EQ(refused(), 2U) << "who says nothing at all only looks whether somebody listens";
}

TEST_F(ProxyHeaders, TheHeaderIsDueFromTheAcceptOnWhateverComes) {
  start_with_fake_clock();
  RawClient silent = server->connect();
  RawClient slow = server->connect();
  server->settle();
  for (std::size_t second = 0; second < 9; ++second) {
    ASSERT_TRUE(slow.send(kV1.substr(second, 1)));
    server->pass(*clock, 1s);
  }
  EXPECT_TRUE(is_open(silent));
  EXPECT_TRUE(is_open(slow));
  server->pass(*clock, base::limits::kHeaderTimeout - 8s);
  EXPECT_TRUE(silent.closed_in_silence());
  EXPECT_TRUE(slow.closed_in_silence());
}

TEST_F(ProxyHeaders, BehindItTheDeadlinesAreThoseOfAnyConnection) {
  start_with_fake_clock();
  RawClient idle = server->connect();
  ASSERT_TRUE(idle.send(kV1));
  server->pass(*clock, base::limits::kHeaderTimeout + 1s);
  ASSERT_TRUE(is_open(idle)) << "the header is there";
  EXPECT_TRUE(ends(idle).starts_with(kNamed));
  RawClient slow = server->connect();
  ASSERT_TRUE(slow.send(kV1 + "GET /"));
  server->pass(*clock, base::limits::kHeaderTimeout + 1s);
  EXPECT_TRUE(slow.closed_in_silence()) << "the head is not";
  ASSERT_TRUE(is_open(idle));
  server->pass(*clock, base::limits::kIdleTimeout);
  EXPECT_TRUE(idle.closed_in_silence());
}

TEST_F(ProxyHeaders, AtAStopAHeaderOnItsWayGetsAMoment) {
  start_with_fake_clock();
  RawClient half = server->connect();
  RawClient whole = server->connect();
  RawClient served = server->connect();
  ASSERT_TRUE(half.send(kV1.substr(0, 20)));
  ASSERT_TRUE(whole.send(kV1));
  ASSERT_TRUE(served.send(kV1));
  EXPECT_TRUE(ends(served).starts_with(kNamed));
  server->settle();
  server->drain();
  EXPECT_TRUE(served.closed_in_silence());
  ASSERT_TRUE(half.send(kV1.substr(20)));
  server->settle();
  EXPECT_TRUE(ends(half).starts_with(kNamed));
  EXPECT_TRUE(is_open(whole));
  server->nudge();
  clock->advance(2 * base::limits::kNewConnectionGrace);
  server->nudge();
  EXPECT_TRUE(whole.closed_in_silence());
  EXPECT_TRUE(server->wait_drained());
}

}  // namespace
}  // namespace berth
