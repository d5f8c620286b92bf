#include "serve/request.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "support/fake_transport.h"
#include "support/routes.h"

namespace berth::serve {
namespace {

using test::FakeConnection;

TEST(Request, ShowsTheHeadAsItCame) {
  FakeConnection connection;
  FakeConnection::Stream& stream = connection.open(
      "PUT", "/a%20b/c?x=%31", {{"Host", "example.org"}, {"X", "1"}, {"x", "2"}}, "body");
  Request& request = stream.exchange.request();
  EXPECT_EQ(request.method(), "PUT");
  EXPECT_EQ(request.target(), "/a%20b/c?x=%31");
  EXPECT_EQ(request.raw_path(), "/a%20b/c");
  EXPECT_EQ(request.path(), "/a b/c");
  EXPECT_EQ(request.path().data(), request.path().data()) << "decoded once";
  EXPECT_EQ(request.query(), "x=%31");
  EXPECT_TRUE(request.has_query());
  EXPECT_EQ(request.host(), "example.org");
  EXPECT_EQ(request.protocol(), "HTTP/2.0");
  EXPECT_EQ(request.fields().size(), 3U);
  EXPECT_EQ(request.field("X"), "1");
  EXPECT_EQ(request.field("Y"), std::nullopt);
  EXPECT_EQ(request.content_length(), 4U);
  EXPECT_EQ(request.connected().listener_name(), "fake");
  EXPECT_EQ(request.scheme(), "http");
  connection.set_secure(true);
  EXPECT_EQ(request.scheme(), "https");
}

TEST(Request, PathValuesAreDecodedPartByPart) {
  FakeConnection connection;
  Request& request = connection.open("GET", "/a%2Fb/c").exchange.request();
  request.add_path_value({"first", request.raw_path().substr(1, 5)});
  request.add_path_value({"second", request.raw_path().substr(7)});
  EXPECT_EQ(request.path_value("first"), "a/b");
  EXPECT_EQ(request.path_value("second"), "c");
  EXPECT_EQ(request.path_value("third"), std::nullopt);
  request.clear_path_values();
  EXPECT_EQ(request.path_value("first"), std::nullopt);
}

TEST(Request, ReadsTheBodyInPiecesUpToItsEnd) {
  FakeConnection connection;
  test::Routes routes;
  FakeConnection::Stream& stream = connection.open("POST", "/", {}, "0123456789");
  stream.transport.piece = 3;
  stream.exchange.route(routes);
  Request& request = stream.exchange.request();
  std::array<char, 100> buffer;
  EXPECT_EQ(request.read(std::span<char>()).error(), IoError::kInvalid);
  EXPECT_EQ(*request.read(buffer), 3U);
  EXPECT_EQ(test::read_body(request).bytes, "3456789");
  EXPECT_EQ(*request.read(buffer), 0U);
  EXPECT_EQ(request.body_read(), 10U);
}

TEST(Request, FailsTheReadThatGoesAboveTheRoutesLimit) {
  FakeConnection connection;
  test::Routes routes;
  routes.add("/", [](ResponseWriter&, Request&) {}).max_body = 4;
  FakeConnection::Stream& stream = connection.open("POST", "/", {}, "12345");
  stream.transport.piece = 4;
  stream.exchange.route(routes);
  const test::ReadBody body = test::read_body(stream.exchange.request());
  EXPECT_EQ(body.bytes, "1234");
  EXPECT_EQ(body.error, IoError::kTooLarge);
}

TEST(Request, IsCancelledWhenItsClientIsGone) {
  FakeConnection connection;
  FakeConnection::Stream& stream = connection.open("GET", "/");
  EXPECT_FALSE(stream.exchange.request().cancelled());
  stream.transport.client_gone = true;
  EXPECT_TRUE(stream.exchange.request().cancelled());
}

}  // namespace
}  // namespace berth::serve
