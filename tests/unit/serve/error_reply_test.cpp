#include "serve/error_reply.h"

#include <gtest/gtest.h>

#include <string>

#include "base/buffer.h"
#include "serve/options_handler.h"
#include "support/fake_transport.h"
#include "support/reply_reader.h"
#include "support/routes.h"

namespace berth::serve {
namespace {

using test::FakeConnection;

TEST(ErrorReply, OfAConnectionIsAWholeResponseThatSaysClose) {
  for (const int status : {400, 413, 431, 501, 503, 505}) {
    base::Buffer buffer;
    append_error_reply(buffer, status, "why", "Fri, 02 Jan 2026 03:04:05 GMT");
    std::string bytes(buffer.view());
    const auto reply = test::take_reply(bytes, false, false);
    ASSERT_TRUE(reply);
    EXPECT_TRUE(reply->whole);
    EXPECT_EQ(bytes, "");
    EXPECT_EQ(reply->status, status);
    EXPECT_TRUE(reply->says_close());
    EXPECT_TRUE(reply->has("Date", "Fri, 02 Jan 2026 03:04:05 GMT"));
    EXPECT_TRUE(reply->has("X-Content-Type-Options", "nosniff"));
    EXPECT_EQ(reply->field("Retry-After").has_value(), status == 503);
    EXPECT_TRUE(reply->body.starts_with(std::to_string(status) + " "));
    EXPECT_TRUE(reply->body.ends_with(": why\n"));
  }
}

TEST(ErrorReply, ToAHeadRequestHasTheLengthAndNotTheBody) {
  base::Buffer buffer;
  append_error_reply(buffer, 413, {}, "Fri, 02 Jan 2026 03:04:05 GMT", true);
  std::string bytes(buffer.view());
  const auto reply = test::take_reply(bytes, true, false);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->has("Content-Length", "22"));
  EXPECT_EQ(bytes, "");
}

TEST(ErrorReply, OfAnExchangeReplacesWhatWasSetAndWritten) {
  test::Routes routes;
  routes.add("/", [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.set_field("X", "1"));
    EXPECT_TRUE(response.set_field("Content-Length", "3"));
    EXPECT_TRUE(response.write("abc"));
    reply_error(response, 405, {}, "GET, HEAD");
  });
  FakeConnection connection;
  FakeConnection::Stream& stream = connection.open("GET", "/");
  EXPECT_TRUE(FakeConnection::run(stream, routes));
  EXPECT_EQ(stream.transport.status, 405);
  EXPECT_EQ(stream.transport.field("X"), std::nullopt);
  EXPECT_EQ(stream.transport.field("Allow"), "GET, HEAD");
  EXPECT_EQ(stream.transport.sent, "405 Method Not Allowed\n");
  EXPECT_EQ(stream.transport.aborts, 0);
}

TEST(ErrorReply, ComesTooLateOnceTheHeadIsOut) {
  test::Routes routes;
  routes.add("/", [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.write("abc"));
    EXPECT_TRUE(response.flush());
    reply_error(response, 500, {});
  });
  FakeConnection connection;
  FakeConnection::Stream& stream = connection.open("GET", "/");
  FakeConnection::run(stream, routes);
  EXPECT_EQ(stream.transport.status, 200);
  EXPECT_EQ(stream.transport.sent, "abc");
}

TEST(OptionsHandler, AnswersWithAnEmpty200AndNeedsNoBody) {
  OptionsHandler handler;
  FakeConnection connection;
  FakeConnection::Stream& stream = connection.open("OPTIONS", "*");
  EXPECT_TRUE(stream.exchange.route(handler).ignores_body);
  EXPECT_TRUE(stream.exchange.run());
  EXPECT_EQ(stream.transport.status, 200);
  EXPECT_EQ(stream.transport.plan.length, 0U);
}

}  // namespace
}  // namespace berth::serve
