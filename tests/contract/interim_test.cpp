// What passes between client and server before the final response is whole: 100 and other 1xx, and
// bodies both ways at once.
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/hijacked.h"
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

constexpr std::string_view kNext = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

std::string expecting(std::string_view path, std::size_t length) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: " +
         std::to_string(length) + "\r\n\r\n";
}

struct Interim : ::testing::Test {
  void start() {
    test::add_usual_routes(routes);
    server.emplace(routes);
    client.emplace(server->connect());
  }

  Routes routes;
  std::optional<TestServer> server;
  std::optional<RawClient> client;
};

TEST_F(Interim, NoneIsSentOnceTheHeadIsOut_G40) {
  routes.add("/late", [](ResponseWriter& response, Request& request) {
    EXPECT_TRUE(response.write("first;"));
    EXPECT_TRUE(response.flush());
    (void)response.write(test::read_body(request).bytes);
  });
  start();
  ASSERT_TRUE(client->send(expecting("/late", 5)));
  ASSERT_TRUE(client->wait_for("first;"));
  ASSERT_TRUE(client->send("hello"));
  const std::vector<Reply> replies = client->read_all();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].status, 200);
  EXPECT_EQ(replies[0].body, "first;hello");
  EXPECT_TRUE(replies[0].says_close()) << "it may as well not send its body";
}

TEST_F(Interim, NoneIsSentOnceTheConnectionIsTakenOver_G40_G79) {
  routes.add("/raw", [](ResponseWriter& response, Request& request) {
    auto connection = response.hijack();
    ASSERT_TRUE(connection.ok());
    std::array<char, 8> buffer;
    EXPECT_EQ(request.read(buffer).error(), IoError::kState);
    ASSERT_TRUE((*connection)->write("raw", std::nullopt));
  });
  start();
  ASSERT_TRUE(client->send(expecting("/raw", 5)));
  EXPECT_EQ(client->read_until_close(), "raw");
}

TEST_F(Interim, TheHandlersOwn100IsTheOnlyOne_G40_G64) {
  routes.add("/own", [](ResponseWriter& response, Request& request) {
    EXPECT_TRUE(response.set_status(100));
    (void)response.write(test::read_body(request).bytes);
  });
  start();
  ASSERT_TRUE(client->send(expecting("/own", 5)));
  EXPECT_EQ(client->read_reply().status, 100);
  ASSERT_TRUE(client->send("hello"));
  const Reply reply = client->read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "hello");
}

// Go closes; but who was told to go on sends all of it, and where it ends is known.
TEST_F(Interim, BehindA100TheRestOfTheBodyIsDroppedAndTheConnectionGoesOn_G75) {
  routes.add("/some", [](ResponseWriter& response, Request& request) {
    std::array<char, 3> buffer;
    EXPECT_TRUE(request.read(buffer));
    (void)response.write("read some\n");
  });
  start();
  ASSERT_TRUE(client->send(expecting("/some", kNext.size())));
  EXPECT_EQ(client->read_reply().status, 100);
  ASSERT_TRUE(client->send(std::string(kNext).append(kNext)));  // the first one is the body
  EXPECT_EQ(client->read_reply().body, "read some\n");
  EXPECT_EQ(client->read_reply().body, "hello, world\n");
  client->half_close();
  EXPECT_TRUE(client->closed_in_silence());
}

TEST_F(Interim, EachCarriesTheFieldsSetSoFarAndNoFraming_G64) {
  routes.add("/hints", [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.set_field("Content-Length", "4"));
    EXPECT_TRUE(response.set_status(102));
    EXPECT_TRUE(response.set_field("Link", "</style.css>"));
    EXPECT_TRUE(response.set_status(103));
    (void)response.write("done");
  });
  start();
  ASSERT_TRUE(client->send("GET /hints HTTP/1.1\r\nHost: h\r\n\r\n"));
  const Reply processing = client->read_reply();
  EXPECT_EQ(processing.status_line, "HTTP/1.1 102 Processing");
  EXPECT_TRUE(processing.fields.empty());
  const Reply hint = client->read_reply();
  EXPECT_EQ(hint.status_line, "HTTP/1.1 103 Early Hints");
  EXPECT_EQ(hint.fields.size(), 1U);
  EXPECT_TRUE(hint.has("Link", "</style.css>"));
  const Reply reply = client->read_reply();
  EXPECT_TRUE(reply.has("Content-Length", "4"));
  EXPECT_TRUE(reply.has("Link", "</style.css>"));
  EXPECT_EQ(reply.body, "done");
}

TEST_F(Interim, AHandlerMayAnswerWhileItsRequestStillArrives_G78) {
  routes.add("/talk", [](ResponseWriter& response, Request& request) {
    std::array<char, 16> buffer;
    for (;;) {
      const auto got = request.read(buffer);
      ASSERT_TRUE(got.ok());
      if (*got == 0) return;
      EXPECT_TRUE(response.write("<" + std::string(buffer.data(), *got) + ">"));
      EXPECT_TRUE(response.flush());
    }
  });
  start();
  ASSERT_TRUE(client->send("POST /talk HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
  for (const std::string_view word : {"one", "two", "six"}) {
    ASSERT_TRUE(client->send("3\r\n" + std::string(word) + "\r\n"));
    ASSERT_TRUE(client->wait_for("<" + std::string(word) + ">"));
  }
  ASSERT_TRUE(client->send("0\r\n\r\n" + std::string(kNext)));
  EXPECT_EQ(client->read_reply().body, "<one><two><six>");
  EXPECT_EQ(client->read_reply().body, "hello, world\n");
}

}  // namespace
}  // namespace berth
