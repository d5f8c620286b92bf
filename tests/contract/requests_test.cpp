// What becomes of requests: pipelining, versions, targets, Host, and the refusals of a bad head.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

struct Requests : ::testing::Test {
  Requests() {
    test::add_usual_routes(routes);
    routes.add("/facts", [](serve::ResponseWriter& response, serve::Request& request) {
      std::string facts;
      facts += request.method();
      facts += '|';
      facts += request.target();
      facts += '|';
      facts += request.host();
      facts += '|';
      facts += request.path();
      facts += '|';
      facts += request.query();
      facts += '|';
      facts += request.protocol();
      facts += '|';
      facts += request.scheme();
      (void)response.write(facts);
    });
    server.emplace(routes);
  }

  // The only reply to these bytes, behind which the server closed.
  Reply last_reply(std::string_view bytes) {
    const std::vector<Reply> replies = server->replies_to(bytes);
    EXPECT_EQ(replies.size(), 1U) << bytes.substr(0, 200);
    return replies.empty() ? Reply() : replies.front();
  }

  Routes routes;
  std::optional<TestServer> server;
};

TEST_F(Requests, PipelinedRequestsAreAnsweredInTheirOrder_G12) {
  RawClient client = server->connect();
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    bytes += "GET /facts?" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n";
  }
  ASSERT_TRUE(client.send(bytes));
  const std::vector<Reply> replies = client.read_replies(100);
  ASSERT_EQ(replies.size(), 100U);
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const std::string number = std::to_string(i);
    EXPECT_EQ(replies[i].body, "GET|/facts?" + number + "|h|/facts|" + number + "|HTTP/1.1|http");
  }
}

TEST_F(Requests, TenThousandPipelinedRequestsWithBodiesAreAnswered_G12_F11) {
  RawClient client = server->connect();
  std::string bytes;
  for (int i = 0; i < 10'000; ++i) {
    const std::string body(static_cast<std::size_t>(i % 7), 'b');
    bytes += i % 3 == 0 ? "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"
                        : "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                              std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  std::size_t sent = 0;
  for (int i = 0; i < 10'000; ++i) {
    sent +=
        client.send_some(std::string_view(bytes).substr(sent));  // never more than the server takes
    const Reply reply = client.read_reply();
    ASSERT_EQ(reply.status, 200) << i;
    ASSERT_EQ(reply.body.size(), i % 3 == 0 ? 13U : static_cast<std::size_t>(i % 7)) << i;
  }
  EXPECT_EQ(sent, bytes.size());
}

TEST_F(Requests, AChunkedRequestBetweenPipelinedOnesIsAnsweredInItsPlace_G12) {
  RawClient client = server->connect();
  for (int round = 0; round < 20; ++round) {
    std::string bytes;
    for (int i = 0; i < 40; ++i) bytes += "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
    bytes +=
        "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (int i = 0; i < 40; ++i) bytes += "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
    ASSERT_TRUE(client.send(bytes));
    const std::vector<Reply> replies = client.read_replies(81);
    ASSERT_EQ(replies.size(), 81U);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      ASSERT_EQ(replies[i].body, i == 40 ? "abc" : "hello, world\n") << i;
    }
  }
}

// More than the read buffer in one go, its last request's body cut: read on within one turn.
TEST_F(Requests, ABodyReadAheadBehindAFullBufferIsServed_G12) {
  std::string bytes;
  for (int i = 0; i < 30;
       ++i) {  // fewer than a turn serves, and 60,000 of the buffer's 65,536 bytes
    const std::string head = "GET /empty HTTP/1.1\r\nHost: h\r\nX: ";
    bytes += head + std::string(2000 - head.size() - 4, 'x') + "\r\n\r\n";
  }
  const std::string body(8000, 'b');
  bytes += "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 8000\r\n\r\n" + body;
  bytes += "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  for (int round = 0; round < 5; ++round) {
    RawClient client = server->connect();
    // The loop is kept busy until all of it lies in the socket.
    server->on_loop(0, [&](sched::Worker&) { ASSERT_TRUE(client.send(bytes)); });
    const std::vector<Reply> replies = client.read_all();
    ASSERT_GT(replies.size(), 2U);
    EXPECT_EQ(replies[replies.size() - 2].body, body);
    EXPECT_EQ(replies.back().body, "hello, world\n");
  }
}

// The last byte of a request is the last of the read buffer, and more requests follow in the
// socket.
TEST_F(Requests, ARequestThatEndsWithTheBufferIsForgottenBeforeTheNextOne_F9) {
  const std::string head = "GET /hello HTTP/1.1\r\nHost: h\r\nX: ";
  std::string bytes;
  for (int i = 0; i < 16; ++i) {
    bytes += head + std::string(4096 - head.size() - 4, 'x') + "\r\n\r\n";
  }
  ASSERT_EQ(bytes.size(), base::limits::kReadBuffer);
  bytes += "DELETE /missing HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  bytes += "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  RawClient client = server->connect();
  server->on_loop(0, [&](sched::Worker&) { ASSERT_TRUE(client.send(bytes)); });
  const std::vector<Reply> replies = client.read_all();
  ASSERT_EQ(replies.size(), 18U);
  EXPECT_EQ(replies[15].body, "hello, world\n");
  EXPECT_EQ(replies[16].status, 404);
  EXPECT_EQ(replies[17].body, "hello, world\n");
}

// The same where a part of the last request was kept from an earlier turn.
TEST_F(Requests, ABodyThatEndsWithTheBufferIsForgottenBeforeTheNextRequest_F9) {
  const std::string body(16000, 'b');
  const std::string post = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 16000\r\n\r\n" + body;
  const std::string head = "GET /hello HTTP/1.1\r\nHost: h\r\nX: ";
  std::string rest = post.substr(1000);
  while (rest.size() + 1000 < base::limits::kReadBuffer) {
    const std::size_t left = base::limits::kReadBuffer - rest.size() - 1000;
    const std::size_t size = left < 8000 ? left : 4000;
    rest += head + std::string(size - head.size() - 4, 'x') + "\r\n\r\n";
  }
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(post.substr(0, 1000)));
  server->settle();
  const std::string more = "GET /missing HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  server->on_loop(0, [&](sched::Worker&) { ASSERT_TRUE(client.send(rest + more)); });
  const std::vector<Reply> replies = client.read_all();
  ASSERT_GT(replies.size(), 2U);
  EXPECT_EQ(replies.front().body, body);
  EXPECT_EQ(replies.back().status, 404);
}

TEST_F(Requests, Http11IsKeptAliveUnlessItSaysClose_G73) {
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"));
  const Reply first = client.read_reply();
  EXPECT_EQ(first.field("Connection"), std::nullopt);
  ASSERT_TRUE(client.send("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n"));
  EXPECT_TRUE(client.read_reply().says_close());
  EXPECT_TRUE(client.closed_in_silence());
}

TEST_F(Requests, Http10IsClosedUnlessItSaysKeepAlive_G73) {
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  const Reply first = client.read_reply();
  EXPECT_TRUE(first.has("Connection", "keep-alive"));
  EXPECT_EQ(first.body, "hello, world\n");
  ASSERT_TRUE(client.send("GET /hello HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(client.read_reply().body, "hello, world\n");
  EXPECT_TRUE(client.closed_in_silence());
}

TEST_F(Requests, OptionsAsteriskIsAnsweredByTheServer_G56) {
  RawClient client = server->connect();
  ASSERT_TRUE(
      client.send("OPTIONS * HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                  "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n"
                  "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"));
  for (int i = 0; i < 2; ++i) {
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_TRUE(reply.has("Content-Length", "0"));
  }
  EXPECT_EQ(client.read_reply().body, "hello, world\n");
}

TEST_F(Requests, AsteriskIsRefusedForOtherMethods_G57) {
  EXPECT_EQ(last_reply("GET * HTTP/1.1\r\nHost: h\r\n\r\n").status, 400);
}

TEST_F(Requests, TheAuthorityOfAnAbsoluteTargetWinsOverHost_G33) {
  const Reply reply =
      last_reply("GET http://Other:81/facts?q HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(reply.body, "GET|http://Other:81/facts?q|Other:81|/facts|q|HTTP/1.1|http");
}

TEST_F(Requests, ARequestWithoutLengthHasNoBody_G36) {
  RawClient client = server->connect();
  ASSERT_TRUE(
      client.send("POST /echo HTTP/1.1\r\nHost: h\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(client.read_reply().body, "");
  EXPECT_EQ(client.read_reply().body, "hello, world\n");
}

TEST_F(Requests, TwoEmptyLinesBeforeARequestAreSkipped_G20) {
  EXPECT_EQ(
      last_reply("\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").status,
      200);
}

struct BadHead {
  const char* what;
  std::string bytes;
  int status;
};
const std::string kHost = "Host: h\r\n\r\n";

struct BadHeads : Requests {
  void expect_refused(const std::vector<BadHead>& heads) {
    for (const BadHead& bad : heads) {
      SCOPED_TRACE(bad.what);
      // Behind it stands a request that must not be served.
      const std::vector<Reply> replies =
          server->replies_to("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n" + bad.bytes +
                             "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n");
      ASSERT_EQ(replies.size(), 2U);
      EXPECT_EQ(replies[0].status, 200);
      EXPECT_EQ(replies[1].status, bad.status);
      EXPECT_TRUE(replies[1].says_close());
      EXPECT_TRUE(replies[1].has("Content-Type", "text/plain; charset=utf-8"));
    }
  }
};

TEST_F(BadHeads, OneThatIsTooLargeIsA431AndNoMoreOfItIsKept_G50_F4) {
  const std::string long_value(base::limits::kHeaderBlock, 'v');
  std::string fields;
  while (fields.size() < base::limits::kHeaderBlock) {
    fields += "X: " + std::string(1000, 'v') + "\r\n";
  }
  expect_refused({{"one field", "GET / HTTP/1.1\r\nX: " + long_value + "\r\n" + kHost, 431},
                  {"some fields", "GET / HTTP/1.1\r\n" + fields + kHost, 431}});
  std::vector<RawClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(server->connect());
    ASSERT_TRUE(clients.back().send("GET / HTTP/1.1\r\nX: " +
                                    std::string(base::limits::kHeaderBlock - 100, 'v')));
  }
  server->settle();
  EXPECT_LE(server->service().buffered(), clients.size() * base::limits::kHeaderBlock);
}

TEST_F(BadHeads, A101stFieldIsA431_F5) {
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "X: y\r\n";
  expect_refused({{"101 fields", "GET / HTTP/1.1\r\n" + fields + kHost, 431}});
}

TEST_F(BadHeads, OneWhoseRequestLineIsNoneIsRefused_G31_G33_G53_G54_F6) {
  const std::string long_target(base::limits::kTarget + 1, 'a');
  expect_refused({
      {"garbage", "hello there\r\n\r\n", 400},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01", 6), 400},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\n" + kHost, 505},
      {"version", "GET / HTTQ/1.1\r\n" + kHost, 400},
      {"method", "G@T / HTTP/1.1\r\n" + kHost, 400},
      {"long method", std::string(40, 'M') + " / HTTP/1.1\r\n" + kHost, 501},
      {"target too long", "GET /" + long_target + " HTTP/1.1\r\n" + kHost, 414},
      {"fragment", "GET /a#b HTTP/1.1\r\n" + kHost, 400},
      {"bad escape", "GET /%zz HTTP/1.1\r\n" + kHost, 400},
      {"CONNECT without port", "CONNECT h HTTP/1.1\r\n" + kHost, 400},
  });
}

TEST_F(BadHeads, OneThatOthersMayReadOtherwiseIsRefused_G30_G34_G35_G41_G51_G52_F9) {
  const std::string post = "POST /echo HTTP/1.1\r\n";
  expect_refused({
      {"bare LF", "GET / HTTP/1.1\nHost: h\n\n", 400},
      {"bare CR", "GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", 400},
      {"obs-fold", "GET / HTTP/1.1\r\nHost: h\r\n x\r\n\r\n", 400},
      {"blank before colon", "GET / HTTP/1.1\r\nHost : h\r\n\r\n", 400},
      {"empty name", "GET / HTTP/1.1\r\n: x\r\n" + kHost, 400},
      {"NUL in value", std::string("GET / HTTP/1.1\r\nX: a\0b\r\n", 24) + kHost, 400},
      {"CL and TE", post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" + kHost, 400},
      {"two CL", post + "Content-Length: 3\r\nContent-Length: 3\r\n" + kHost, 400},
      {"list CL", post + "Content-Length: 3, 3\r\n" + kHost, 400},
      {"signed CL", post + "Content-Length: +3\r\n" + kHost, 400},
      {"empty CL", post + "Content-Length: \r\n" + kHost, 400},
      {"huge CL", post + "Content-Length: 9223372036854775808\r\n" + kHost, 400},
      {"TE gzip", post + "Transfer-Encoding: gzip, chunked\r\n" + kHost, 501},
      {"TE identity", post + "Transfer-Encoding: identity\r\n" + kHost, 501},
      {"TE twice", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" + kHost,
       501},
      {"TE in 1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"Expect", post + "Expect: the-best\r\nContent-Length: 3\r\n" + kHost, 417},
  });
}

TEST_F(BadHeads, OneWithoutExactlyOneValidHostIsRefused_G32_F13) {
  expect_refused({
      {"none", "GET / HTTP/1.1\r\n\r\n", 400},
      {"none, absolute", "GET http://h/ HTTP/1.1\r\n\r\n", 400},
      {"two", "GET / HTTP/1.1\r\nHost: h\r\n" + kHost, 400},
      {"bad", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
  });
}

TEST_F(Requests, ARefusalHoldsNoBytesOfTheRequest_G51) {
  for (const std::string_view head :
       {"MARK\x01 / HTTP/1.1\r\n\r\n", "GET /MARK#x HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nMARK x: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: MARK\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nExpect: MARK\r\n\r\n"}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(head));
    EXPECT_EQ(client.read_until_close().find("MARK"), std::string::npos) << head;
  }
}

TEST_F(Requests, ARefusedHeadRequestGetsNoBody_G70) {
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("HEAD /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n"));
  EXPECT_EQ(client.read_reply(true).status, 413);
  EXPECT_TRUE(client.closed_in_silence());
}

TEST_F(Requests, AnEndInTheMiddleOfARequestGetsNoReply_G55) {
  for (const std::string_view part :
       {"G", "GET /hello HTTP/1.1\r\nHost: h\r\n",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab"}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(part));
    client.half_close();
    EXPECT_TRUE(client.closed_in_silence()) << part;
  }
}

TEST_F(Requests, AfterABadRequestTheNextClientNoticesNothing) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(last_reply("\x01\x02\x03\r\n\r\n").status, 400);
    EXPECT_EQ(last_reply("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").status,
              200);
  }
}

}  // namespace
}  // namespace berth
