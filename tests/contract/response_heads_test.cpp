// What the server makes of a handler's status and fields: lengths, types, statuses without a body.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

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

struct ResponseHeads : ::testing::Test {
  void start() {
    test::add_usual_routes(routes);
    server.emplace(routes);
    client.emplace(server->connect());
  }
  Reply ask(std::string_view path, std::string_view method = "GET",
            std::string_view rest = " HTTP/1.1\r\nHost: h\r\n") {
    EXPECT_TRUE(
        client->send(std::string(method).append(" ").append(path).append(rest).append("\r\n")));
    return client->read_reply(method == "HEAD");
  }

  Routes routes;
  std::optional<TestServer> server;
  std::optional<RawClient> client;
};

// RFC 9110 s15.3.6. Its framing is not that of a 204: a client looks for the end of a body.
TEST_F(ResponseHeads, A205HasNoContentAndALengthOf0_G70) {
  routes.add("/reset", [](ResponseWriter& response, Request& request) {
    if (request.query() == "length") (void)response.set_field("Content-Length", "5");
    EXPECT_TRUE(response.set_status(205));
    EXPECT_EQ(response.write("x").error(), IoError::kState);
    if (request.query() == "flush") {
      EXPECT_TRUE(response.flush());
    }
    if (request.query() == "trailer") (void)response.add_trailer("Sum", "1");
  });
  start();
  for (const std::string_view path :
       {"/reset", "/reset?length", "/reset?flush", "/reset?trailer"}) {
    const Reply reply = ask(path);
    EXPECT_EQ(reply.status, 205) << path;
    EXPECT_TRUE(reply.whole) << path;
    EXPECT_TRUE(reply.has("Content-Length", "0")) << path;
    EXPECT_EQ(reply.field("Transfer-Encoding"), std::nullopt) << path;
    EXPECT_EQ(reply.field("Content-Type"), std::nullopt) << path;
  }
  EXPECT_EQ(ask("/reset", "HEAD").status, 205);
  EXPECT_EQ(ask("/hello").body, "hello, world\n");
}

TEST_F(ResponseHeads, A204Or304NeverHasTheHandlersLength_G70) {
  for (const int status : {204, 304}) {
    routes.add("/" + std::to_string(status), [status](ResponseWriter& response, Request&) {
      (void)response.set_field("Content-Length", "5");
      (void)response.set_status(status);
    });
  }
  start();
  for (const std::string_view path : {"/204", "/304"}) {
    EXPECT_EQ(ask(path).field("Content-Length"), std::nullopt) << path;
    EXPECT_EQ(ask(path, "HEAD").field("Content-Length"), std::nullopt) << path;
  }
  EXPECT_EQ(ask("/hello").body, "hello, world\n");
}

TEST_F(ResponseHeads, ALengthThatIsNoneIsRefusedAndTheBodysIsSent_G68) {
  routes.add("/length", [](ResponseWriter& response, Request&) {
    for (const std::string_view bad :
         {"", "abc", "-1", "+5", "5, 5", "5 5", "0x5", "99999999999999999999999"}) {
      EXPECT_EQ(response.set_field("Content-Length", bad).error(), IoError::kInvalid) << bad;
    }
    (void)response.write("four");
  });
  routes.add("/twice", [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.add_field("Content-Length", "5"));
    EXPECT_TRUE(response.add_field("content-length", "4"));
    (void)response.write("four");
  });
  start();
  for (const std::string_view path : {"/length", "/twice"}) {
    const Reply reply = ask(path);
    EXPECT_TRUE(reply.has("Content-Length", "4")) << path;
    EXPECT_EQ(reply.body, "four") << path;
  }
}

TEST_F(ResponseHeads, TheCodingIsTheServersAlone_G67) {
  routes.add("/identity", [](ResponseWriter& response, Request& request) {
    EXPECT_EQ(response.set_field("Transfer-Encoding", "identity").error(), IoError::kInvalid);
    if (request.has_query()) (void)response.set_field("Content-Length", "4");
    (void)response.write("four");
    (void)response.flush();
  });
  start();
  const Reply open = ask("/identity");
  EXPECT_TRUE(open.chunked());
  EXPECT_EQ(open.body, "four");
  const Reply known = ask("/identity?length");
  EXPECT_TRUE(known.has("Content-Length", "4"));
  EXPECT_EQ(known.field("Transfer-Encoding"), std::nullopt);
  EXPECT_EQ(known.body, "four");
}

TEST_F(ResponseHeads, FieldsAreFixedByTheFirstWriteAndTrailersAreNot_G65) {
  routes.add("/late", [](ResponseWriter& response, Request&) {
    (void)response.set_field("Early", "1");
    (void)response.write("body");
    EXPECT_EQ(response.set_status(404).error(), IoError::kState);
    EXPECT_EQ(response.set_field("Late", "1").error(), IoError::kState);
    EXPECT_EQ(response.remove_field("Early").error(), IoError::kState);
    EXPECT_TRUE(response.add_trailer("Sum", "1"));
  });
  start();
  const Reply reply = ask("/late");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.has("Early", "1"));
  EXPECT_EQ(reply.field("Late"), std::nullopt);
  EXPECT_EQ(reply.trailers.size(), 1U);
}

TEST_F(ResponseHeads, TheTypeIsThatOfTheFirst512BytesHoweverTheyAreWritten_G71) {
  const std::string nul(1, '\0');
  routes.add("/html", [](ResponseWriter& response, Request&) {
    for (const std::string_view part : {"<!", "DOCTYPE", " html>"}) (void)response.write(part);
  });
  routes.add("/octets", [&](ResponseWriter& response, Request&) {
    (void)response.write(std::string(511, 'a'));
    (void)response.write(nul);
  });
  routes.add("/text", [&](ResponseWriter& response, Request&) {
    (void)response.write(std::string(512, 'a'));
    (void)response.write(nul + std::string(10'000, 'a'));
  });
  routes.add("/at-once", [&](ResponseWriter& response, Request&) {
    (void)response.write("%PDF-1.7" + std::string(10'000, 'a'));
  });
  routes.add("/split", [&](ResponseWriter& response, Request&) {
    (void)response.write("<!");
    (void)response.write("DOCTYPE html>" + std::string(10'000, 'a'));
  });
  start();
  for (const std::string_view method : {"GET", "HEAD"}) {
    EXPECT_TRUE(ask("/html", method).has("Content-Type", "text/html; charset=utf-8")) << method;
    EXPECT_TRUE(ask("/octets", method).has("Content-Type", "application/octet-stream")) << method;
    EXPECT_TRUE(ask("/text", method).has("Content-Type", "text/plain; charset=utf-8")) << method;
    EXPECT_TRUE(ask("/split", method).has("Content-Type", "text/html; charset=utf-8")) << method;
    EXPECT_TRUE(ask("/at-once", method).has("Content-Type", "application/pdf")) << method;
  }
}

TEST_F(ResponseHeads, AnOldClientIsKeptWhereTheEndOfTheResponseIsKnown_G73) {
  routes.add("/204", [](ResponseWriter& response, Request&) { (void)response.set_status(204); });
  start();
  const std::string_view old = " HTTP/1.0\r\nConnection: Keep-Alive\r\n";
  for (const auto& [path, method] :
       {std::pair{"/hello", "GET"}, std::pair{"/hello", "HEAD"}, std::pair{"/stream", "HEAD"},
        std::pair{"/204", "GET"}, std::pair{"/empty", "GET"}, std::pair{"/nowhere", "GET"}}) {
    EXPECT_TRUE(ask(path, method, old).has("Connection", "keep-alive")) << method << path;
  }
  EXPECT_EQ(ask("/hello", "GET", old).body, "hello, world\n");
}

}  // namespace
}  // namespace berth
