// What a request's head may look like, and what is said about one that is faulty.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

struct RequestHeads : ::testing::Test {
  RequestHeads() {
    test::add_usual_routes(routes);
    // Whatever else is asked for is told what it has asked.
    routes.add_default([](ResponseWriter& response, Request& request) {
      std::string facts;
      for (const std::string_view fact : {request.method(), request.target(), request.host(),
                                          request.raw_path(), request.query()}) {
        facts.append(fact).append("|");
      }
      (void)response.write(facts);
    });
    server.emplace(routes);
  }

  Routes routes;
  std::optional<TestServer> server;
};

constexpr std::string_view kLast = "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

TEST_F(RequestHeads, OneOrTwoEmptyLinesBehindABodyAreSkippedAndNoMore_G20) {
  const std::string post = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  for (const std::string_view empty : {"", "\r\n", "\r\n\r\n"}) {
    const std::vector<Reply> replies = server->replies_to(post + std::string(empty).append(kLast));
    ASSERT_EQ(replies.size(), 2U);
    EXPECT_EQ(replies[0].body, "abc");
    EXPECT_EQ(replies[1].body, "hello, world\n");
  }
  const std::vector<Reply> replies = server->replies_to(post + "\r\n\r\n\r\n" + std::string(kLast));
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[1].status, 400);
}

TEST_F(RequestHeads, AMethodIsAnyTokenAndItsCaseCounts_G30) {
  for (const std::string_view method : {"get", "Options", "M-SEARCH", "x", "!#$%&'*+-.^_`|~9"}) {
    const std::vector<Reply> replies = server->replies_to(
        std::string(method) + " /path HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    ASSERT_EQ(replies.size(), 1U) << method;
    EXPECT_EQ(replies[0].body, std::string(method) + "|/path|h|/path||");
  }
  const std::vector<Reply> replies = server->replies_to("options * HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].status, 400) << "that is not OPTIONS";
}

TEST_F(RequestHeads, ConnectAsksForAnAuthorityAndHasNoPath_G33) {
  const std::vector<Reply> replies = server->replies_to(
      "CONNECT example.com:443 HTTP/1.1\r\nHost: other:1\r\nConnection: close\r\n\r\n");
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].body, "CONNECT|example.com:443|example.com:443|||");
}

TEST_F(RequestHeads, ConnectWantsItsHostToo_G32) {
  const std::vector<Reply> replies = server->replies_to("CONNECT example.com:443 HTTP/1.1\r\n\r\n");
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].status, 400);
}

TEST_F(RequestHeads, AnAbsoluteTargetIsTakenApart_G33) {
  for (const auto& [target, facts] :
       {std::pair{"http://example.com", "example.com|/||"},
        std::pair{"HTTPS://[::1]:8443/a%20b?c=d", "[::1]:8443|/a%20b|c=d|"},
        std::pair{"http://example.com?q", "example.com|/|q|"}}) {
    const std::vector<Reply> replies = server->replies_to(
        "GET " + std::string(target) + " HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n");
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].body, "GET|" + std::string(target) + "|" + facts);
  }
}

TEST_F(RequestHeads, TheBodyOfOptionsAsteriskIsDropped_G56) {
  const std::vector<Reply> replies =
      server->replies_to("OPTIONS * HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" +
                         std::string(100'000, 'x').append(kLast));
  ASSERT_EQ(replies.size(), 2U);
  EXPECT_EQ(replies[0].status, 200);
  EXPECT_TRUE(replies[0].has("Content-Length", "0"));
  EXPECT_EQ(replies[1].body, "hello, world\n");
}

TEST_F(RequestHeads, AFaultIsNamedInItsReply_G50_G51_G52_G53_G54) {
  struct Case {
    std::string bytes;
    std::string_view body;
  };
  const std::string host = "Host: h\r\n\r\n";
  const Case cases[] = {
      {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request: missing required Host header field\n"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "400 Bad Request: malformed Host header field\n"},
      {"GET / HTTP/1.1\r\nHost: h\r\n" + host,
       "400 Bad Request: more than one Host header field\n"},
      {"GET / HTTP/1.1\r\na(b: c\r\n" + host, "400 Bad Request: invalid header field name\n"},
      {"GET / HTTP/1.1\r\na: \x01\r\n" + host, "400 Bad Request: invalid header field value\n"},
      {"GET / HTTP/1.1\r\na: " + std::string(base::limits::kHeaderBlock, 'x') + "\r\n" + host,
       "431 Request Header Fields Too Large: request header too large\n"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n" + host,
       "501 Not Implemented: unsupported transfer encoding\n"},
      {"GET / HTTP/3.0\r\n" + host,
       "505 HTTP Version Not Supported: unsupported protocol version\n"},
      {"GET /\r\n" + host, "400 Bad Request: malformed request line\n"},
  };
  for (const Case& faulty : cases) {
    const std::vector<Reply> replies = server->replies_to(faulty.bytes);
    ASSERT_EQ(replies.size(), 1U) << faulty.body;
    EXPECT_EQ(replies[0].body, faulty.body);
    EXPECT_TRUE(replies[0].says_close()) << faulty.body;
    EXPECT_TRUE(replies[0].has("X-Content-Type-Options", "nosniff")) << faulty.body;
  }
}

TEST_F(RequestHeads, AClientInTheMiddleOfAHugeHeadReadsIts431_G27_G50) {
  for (int round = 0; round < 5; ++round) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nX: " + std::string(500'000, 'x')));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 431);
    EXPECT_TRUE(reply.whole);
    EXPECT_TRUE(client.closed_in_silence());
    EXPECT_EQ(client.end(), RawClient::End::kFin);
  }
}

}  // namespace
}  // namespace berth
