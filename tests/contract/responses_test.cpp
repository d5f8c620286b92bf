// What a handler's response looks like on the wire: framing, fields, 1xx, HEAD, trailers, failures.
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/date.h"
#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using serve::IoError;
using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

struct Responses : ::testing::Test {
  // The routes of a test; start() then serves them.
  void start(test::TestServerOptions options = {}) {
    test::add_usual_routes(routes);
    server.emplace(routes, options);
    client.emplace(server->connect());
  }
  Reply get(std::string_view path, std::string_view method = "GET",
            std::string_view version = "HTTP/1.1") {
    EXPECT_TRUE(client->send(std::string(method) + " " + std::string(path) + " " +
                             std::string(version) + "\r\nHost: h\r\n\r\n"));
    return client->read_reply(method == "HEAD");
  }
  void expect_connection_lives() { EXPECT_EQ(get("/hello").body, "hello, world\n"); }

  Routes routes;
  std::optional<TestServer> server;
  std::optional<RawClient> client;
};

TEST_F(Responses, AShortOneGetsItsLengthTypeAndDate_G61_G66_G71) {
  start();
  const Reply reply = get("/hello");
  EXPECT_EQ(reply.status_line, "HTTP/1.1 200 OK");
  EXPECT_TRUE(reply.has("Content-Length", "13"));
  EXPECT_TRUE(reply.has("Content-Type", "text/plain; charset=utf-8"));
  ASSERT_TRUE(reply.field("Date"));
  EXPECT_EQ(reply.field("Date")->size(), http::kDateBytes);
}

TEST_F(Responses, WithoutAWriteItIsAn200OfLength0_G61) {
  start();
  const Reply reply = get("/empty");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.has("Content-Length", "0"));
  EXPECT_EQ(reply.field("Content-Type"), std::nullopt);
}

TEST_F(Responses, ALongOneIsChunkedOn11AndEndsByClosingOn10_G66) {
  routes.add("/long", [](ResponseWriter& response, Request&) {
    for (int i = 0; i < 100; ++i) (void)response.write(std::string(100, 'x'));
  });
  start();
  const Reply reply = get("/long");
  EXPECT_TRUE(reply.chunked());
  EXPECT_EQ(reply.body.size(), 10'000U);
  EXPECT_LE(reply.chunks, 10U) << "small writes are gathered";
  const Reply old = get("/long", "GET", "HTTP/1.0");
  EXPECT_FALSE(old.chunked());
  EXPECT_EQ(old.field("Content-Length"), std::nullopt);
  EXPECT_EQ(old.body.size(), 10'000U);
  EXPECT_EQ(client->end(), RawClient::End::kFin);
}

TEST_F(Responses, AnOldClientThatAsksForKeepAliveIsClosedAfterABodyWithoutLength_G73) {
  start();
  ASSERT_TRUE(client->send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  const Reply reply = client->read_reply();
  EXPECT_TRUE(reply.says_close());
  EXPECT_EQ(reply.body, "firstsecond");
}

TEST_F(Responses, FlushSendsWhatIsThere_G77) {
  std::promise<void> open;
  const std::shared_future<void> opened = open.get_future().share();
  routes.add("/slow", [&](ResponseWriter& response, Request&) {
    (void)response.write("first");
    (void)response.flush();
    opened.wait();
    (void)response.write("second");
  });
  start();
  const test::StopAtEnd stop(server);
  ASSERT_TRUE(client->send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n"));
  TestServer::wait_until([&] { return client->received().ends_with("5\r\nfirst\r\n"); });
  open.set_value();
  EXPECT_EQ(client->read_reply().body, "firstsecond");
}

TEST_F(Responses, HeadIsAnsweredLikeGetWithoutItsBody_G70) {
  start();
  const Reply hello = get("/hello", "HEAD");
  EXPECT_TRUE(hello.has("Content-Length", "13"));
  EXPECT_TRUE(hello.has("Content-Type", "text/plain; charset=utf-8"));
  EXPECT_EQ(get("/empty", "HEAD").field("Content-Length"), std::nullopt);
  EXPECT_EQ(get("/stream", "HEAD").status, 200);
  EXPECT_EQ(get("/throw", "HEAD").status, 500);
  EXPECT_EQ(get("/nowhere", "HEAD").status, 404);
  expect_connection_lives();
}

TEST_F(Responses, A204Or304HasNoBodyAndNoFraming_G70) {
  for (const int status : {204, 304}) {
    routes.add("/" + std::to_string(status), [status](ResponseWriter& response, Request&) {
      (void)response.set_field("Content-Type", "text/css");
      (void)response.set_status(status);
      EXPECT_EQ(response.write("x").error(), IoError::kState);
    });
  }
  start();
  for (const int status : {204, 304}) {
    const Reply reply = get("/" + std::to_string(status));
    EXPECT_EQ(reply.status, status);
    EXPECT_EQ(reply.field("Content-Length"), std::nullopt);
    EXPECT_EQ(reply.field("Transfer-Encoding"), std::nullopt);
    EXPECT_EQ(reply.field("Content-Type").has_value(), status == 204);
  }
  expect_connection_lives();
}

TEST_F(Responses, InformationalOnesAreSentAtOnceAndNotTo10_G64) {
  routes.add("/hints", [](ResponseWriter& response, Request&) {
    (void)response.set_field("Link", "</style.css>");
    EXPECT_TRUE(response.set_status(103));
    EXPECT_EQ(response.set_status(101).error(), IoError::kInvalid);
    (void)response.write("done");
  });
  start();
  const Reply hint = get("/hints");
  EXPECT_EQ(hint.status, 103);
  EXPECT_TRUE(hint.has("Link", "</style.css>"));
  EXPECT_EQ(hint.field("Content-Length"), std::nullopt);
  EXPECT_EQ(hint.field("Date"), std::nullopt);
  EXPECT_EQ(client->read_reply().body, "done");
  EXPECT_EQ(get("/hints", "GET", "HTTP/1.0").status, 200);
}

TEST_F(Responses, TrailersFollowAChunkedBody_G72) {
  routes.add("/trailers", [](ResponseWriter& response, Request&) {
    (void)response.write("body");
    EXPECT_TRUE(response.add_trailer("Checksum", "42"));
    EXPECT_EQ(response.add_trailer("Content-Length", "4").error(), IoError::kInvalid);
  });
  start();
  const Reply reply = get("/trailers");
  EXPECT_TRUE(reply.chunked());
  EXPECT_EQ(reply.body, "body");
  ASSERT_EQ(reply.trailers.size(), 1U);
  EXPECT_EQ(reply.trailers[0].first, "Checksum");
  EXPECT_EQ(get("/trailers", "HEAD").status, 200);
  EXPECT_EQ(get("/trailers", "GET", "HTTP/1.0").body, "body");
}

TEST_F(Responses, DeclaredTrailersAreAnnouncedWhereTheyCanFollow_G72) {
  routes.add("/announced", [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.declare_trailer("Checksum"));
    EXPECT_TRUE(response.declare_trailer("Size"));
    EXPECT_EQ(response.declare_trailer("Host").error(), IoError::kInvalid);
    EXPECT_EQ(response.declare_trailer("no token").error(), IoError::kInvalid);
    (void)response.write("body");
    EXPECT_EQ(response.declare_trailer("Late").error(), IoError::kState);
    EXPECT_TRUE(response.add_trailer("Checksum", "42"));
  });
  routes.add("/announced-length", [](ResponseWriter& response, Request&) {
    (void)response.set_field("Content-Length", "4");
    EXPECT_TRUE(response.declare_trailer("Checksum"));
    (void)response.write("body");
  });
  start();
  const Reply reply = get("/announced");
  EXPECT_TRUE(reply.has("Trailer", "Checksum, Size"));
  EXPECT_TRUE(reply.chunked()) << "also where the body is short";
  EXPECT_EQ(reply.trailers.size(), 1U);
  const Reply head = get("/announced", "HEAD");
  EXPECT_EQ(head.field("Trailer"), std::nullopt);
  EXPECT_EQ(head.field("Content-Length"), std::nullopt) << "GET has none";
  EXPECT_EQ(get("/announced-length").field("Trailer"), std::nullopt);
  EXPECT_EQ(get("/hello").field("Trailer"), std::nullopt) << "they end with their response";
  const Reply old = get("/announced", "GET", "HTTP/1.0");
  EXPECT_EQ(old.field("Trailer"), std::nullopt);
  EXPECT_TRUE(old.has("Content-Length", "4")) << "there are none in HTTP/1.0";
}

TEST_F(Responses, AHandlerMayAskForTheEndOfItsConnection_G26) {
  routes.add("/last", [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.set_field("Connection", "Close"));
    EXPECT_EQ(response.field("connection"), "close");
    (void)response.write("bye");
  });
  routes.add("/stays", [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.add_field("Connection", "close"));
    EXPECT_TRUE(response.remove_field("Connection"));
    EXPECT_EQ(response.field("Connection"), std::nullopt);
  });
  start();
  EXPECT_FALSE(get("/stays").says_close());
  const Reply reply = get("/last");
  EXPECT_EQ(reply.body, "bye");
  EXPECT_TRUE(reply.says_close());
  EXPECT_TRUE(client->closed_in_silence());
}

TEST_F(Responses, AHandlersOwnLengthIsSentAndHeldTo_G69) {
  routes.add("/exact", [](ResponseWriter& response, Request&) {
    (void)response.set_field("Content-Length", "5");
    EXPECT_TRUE(response.write("abc"));
    EXPECT_EQ(response.write("def").error(), IoError::kTooLarge);
    EXPECT_TRUE(response.write("de"));
  });
  start();
  const Reply reply = get("/exact");
  EXPECT_TRUE(reply.has("Content-Length", "5"));
  EXPECT_EQ(reply.body, "abcde");
  expect_connection_lives();
}

TEST_F(Responses, OneThatIsShorterThanItsLengthIsCut_G69) {
  routes.add("/short", [](ResponseWriter& response, Request&) {
    (void)response.set_field("Content-Length", "5");
    (void)response.write("abc");
  });
  start();
  const Reply reply = get("/short");
  EXPECT_FALSE(reply.whole);
  EXPECT_EQ(reply.body, "abc");
}

TEST_F(Responses, AThrowBeforeTheHeadIsA500AndCostsOneRequest_F56) {
  start();
  for (int i = 0; i < 3; ++i) {
    const Reply reply = get("/throw");
    EXPECT_EQ(reply.status, 500);
    EXPECT_EQ(reply.body, "500 Internal Server Error\n");
  }
  expect_connection_lives();
}

TEST_F(Responses, AHandlersDateIsKeptAndNotDoubled_G71) {
  routes.add("/date", [](ResponseWriter& response, Request& request) {
    (void)response.set_field("date", "Thu, 01 Jan 1970 00:00:00 GMT");
    if (request.has_query()) response.fail();
  });
  start();
  EXPECT_TRUE(get("/date").has("Date", "Thu, 01 Jan 1970 00:00:00 GMT"));
  const auto date = get("/date?fail").field("Date");  // of the error reply, not of the handler
  ASSERT_TRUE(date);
  EXPECT_NE(*date, "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_NE(*date, "(twice)");
}

TEST_F(Responses, AThrowBehindTheHeadCutsTheResponse_F56) {
  start();
  const Reply reply = get("/cut");
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.whole);
  EXPECT_EQ(reply.body, "some of it");
  EXPECT_EQ(client->end(), RawClient::End::kFin);
}

TEST_F(Responses, AThrowBehindAHeadWithoutFramingResetsTheConnection_F56) {
  start();
  ASSERT_TRUE(client->send("GET /cut HTTP/1.0\r\n\r\n"));
  (void)client->read_until_close();
  EXPECT_EQ(client->end(), RawClient::End::kReset) << "a FIN would look like its end";
}

TEST_F(Responses, FieldsThatWouldSplitAResponseAreRefused_F17) {
  routes.add("/split", [](ResponseWriter& response, Request&) {
    EXPECT_EQ(response.set_field("X", "a\r\nSet-Cookie: b").error(), IoError::kInvalid);
    EXPECT_EQ(response.add_field("X\r\nY", "a").error(), IoError::kInvalid);
    EXPECT_EQ(response.add_field("X", std::string_view("a\0b", 3)).error(), IoError::kInvalid);
    EXPECT_EQ(response.set_field("Transfer-Encoding", "chunked").error(), IoError::kInvalid);
    EXPECT_EQ(response.set_field("Connection", "keep-alive").error(), IoError::kInvalid);
  });
  start();
  const Reply reply = get("/split");
  EXPECT_EQ(reply.fields.size(), 2U);  // Date and Content-Length
}

TEST_F(Responses, StatusCodesFrom200To999AreTheHandlers_G60_G62) {
  routes.add("/odd", [](ResponseWriter& response, Request&) {
    EXPECT_EQ(response.set_status(99).error(), IoError::kInvalid);
    EXPECT_EQ(response.set_status(1000).error(), IoError::kInvalid);
    EXPECT_TRUE(response.set_status(799));
    EXPECT_EQ(response.set_status(200).error(), IoError::kState);         // G63
    EXPECT_EQ(response.set_field("Late", "x").error(), IoError::kState);  // G65
  });
  start();
  const Reply reply = get("/odd");
  EXPECT_EQ(reply.status, 799);
  EXPECT_EQ(reply.field("Late"), std::nullopt);
}

TEST_F(Responses, OfManyMegabytesReachAClientThatReadsSlowly_F3) {
  routes.add("/big", [](ResponseWriter& response, Request&) {
    const std::string piece(100'000, 'x');
    for (int i = 0; i < 40; ++i) {
      if (!response.write(piece)) return;
    }
  });
  test::TestServerOptions options;
  options.send_buffer = 64 * 1024;
  start(options);
  ASSERT_TRUE(client->send("GET /big HTTP/1.1\r\nHost: h\r\n\r\n"));
  // Others are served while that handler waits for its client.
  RawClient other = server->connect();
  ASSERT_TRUE(other.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(other.read_reply().status, 200);
  EXPECT_EQ(client->read_reply().body.size(), 4'000'000U);
  expect_connection_lives();
}

TEST_F(Responses, ANewHandlerSeesNothingOfTheLastResponse) {
  routes.add("/much", [](ResponseWriter& response, Request&) {
    (void)response.set_field("X-Old", "1");
    (void)response.add_trailer("Old", "1");
    (void)response.set_status(201);
    (void)response.write("old");
  });
  start();
  EXPECT_EQ(get("/much").status, 201);
  const Reply reply = get("/empty");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.field("X-Old"), std::nullopt);
  EXPECT_EQ(reply.body, "");
}

}  // namespace
}  // namespace berth
