#include "serve/response_writer.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/fake_transport.h"
#include "support/routes.h"

namespace berth::serve {
namespace {

using test::FakeConnection;
using test::FakeTransport;

// What became of one request that `serve` answers.
FakeTransport& answer(FakeConnection& connection, const test::Routes::Function& serve,
                      std::string method = "GET") {
  test::Routes routes;
  routes.add("/", serve);
  FakeConnection::Stream& stream = connection.open(std::move(method), "/");
  FakeConnection::run(stream, routes);
  return stream.transport;
}

TEST(ResponseWriter, ShortBodiesAreSentInOnePieceWithTheirLength) {
  FakeConnection connection;
  const FakeTransport& sent = answer(connection, [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.write("one"));
    EXPECT_FALSE(response.committed());
    EXPECT_TRUE(response.write("two"));
    EXPECT_EQ(response.body_bytes(), 6U);
  });
  EXPECT_EQ(sent.status, 200);
  EXPECT_EQ(sent.plan.length, 6U);
  EXPECT_EQ(sent.pieces, std::vector<std::size_t>{6});
  EXPECT_EQ(sent.finishes, 1);
  EXPECT_EQ(sent.aborts, 0);
}

TEST(ResponseWriter, AFieldMayBeSetFromAnother) {
  FakeConnection connection;
  const FakeTransport& sent = answer(connection, [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.set_field("A", "1"));
    EXPECT_TRUE(response.set_field("Bb", "0123456789"));
    EXPECT_TRUE(response.set_field("A", *response.field("Bb")));
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(response.add_field("More", *response.field("Bb")));
  });
  EXPECT_EQ(sent.field("A"), "0123456789");
  EXPECT_EQ(sent.field("Bb"), "0123456789");
  EXPECT_EQ(sent.field("More"), "0123456789");
}

TEST(ResponseWriter, TheBufferHoldsExactlyItsLimit) {
  for (const std::size_t bytes :
       {base::limits::kResponseBuffer, base::limits::kResponseBuffer + 1}) {
    FakeConnection connection;
    const FakeTransport& sent = answer(connection, [bytes](ResponseWriter& response, Request&) {
      for (std::size_t i = 0; i < bytes; ++i) EXPECT_TRUE(response.write("x"));
    });
    const bool fits = bytes == base::limits::kResponseBuffer;
    EXPECT_EQ(sent.plan.length.has_value(), fits);
    EXPECT_EQ(sent.sent.size(), bytes);
  }
}

TEST(ResponseWriter, ADeclaredLengthIsThePlanAndIsNoFieldOfItsOwn) {
  FakeConnection connection;
  const FakeTransport& sent = answer(connection, [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.set_field("content-LENGTH", "3"));
    EXPECT_TRUE(response.add_field("Content-Length", "4"));
    EXPECT_EQ(response.set_field("Content-Length", "-1").error(), IoError::kInvalid);
    EXPECT_EQ(response.set_field("Content-Length", "").error(), IoError::kInvalid);
    EXPECT_TRUE(response.write("1234"));
  });
  EXPECT_EQ(sent.plan.length, 4U);
  EXPECT_EQ(sent.field("Content-Length"), std::nullopt);
  EXPECT_EQ(sent.aborts, 0);
}

TEST(ResponseWriter, FieldReadsBackWhatWasSet) {
  FakeConnection connection;
  answer(connection, [](ResponseWriter& response, Request&) {
    EXPECT_EQ(response.field("X"), std::nullopt);
    EXPECT_EQ(response.field("Content-Length"), std::nullopt);
    EXPECT_TRUE(response.add_field("X", "1"));
    EXPECT_TRUE(response.add_field("X", "2"));
    EXPECT_EQ(response.field("x"), "1");
    EXPECT_TRUE(response.set_field("Content-Length", "12345678901234567890"));
    EXPECT_EQ(response.field("content-length"), "12345678901234567890");
    EXPECT_TRUE(response.remove_field("Content-Length"));
    EXPECT_EQ(response.field("Content-Length"), std::nullopt);
    EXPECT_TRUE(response.remove_field("X"));
    EXPECT_EQ(response.field("X"), std::nullopt);
  });
}

TEST(ResponseWriter, ShortOfItsLengthIsAnAbort) {
  FakeConnection connection;
  const FakeTransport& sent = answer(connection, [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.set_field("Content-Length", "5"));
    EXPECT_TRUE(response.write("1234"));
    EXPECT_EQ(response.write("56").error(), IoError::kTooLarge);
  });
  EXPECT_EQ(sent.aborts, 1);
  EXPECT_EQ(sent.finishes, 0);
}

TEST(ResponseWriter, TheTypeIsSniffedUnlessItOrAnEncodingIsSet) {
  struct Case {
    std::string_view name, value, body;
    std::optional<std::string> type;
  };
  for (const auto& [name, value, body, type] :
       {Case{"", "", "<!DOCTYPE HTML>", "text/html; charset=utf-8"},
        Case{"", "", std::string_view("\x01\x02", 2), "application/octet-stream"},
        Case{"", "", "", std::nullopt}, Case{"Content-Type", "a/b", "text", "a/b"},
        Case{"Content-Encoding", "gzip", "text", std::nullopt}}) {
    FakeConnection connection;
    const auto serve = [name = name, value = value, body = body](ResponseWriter& response,
                                                                 Request&) {
      if (!name.empty()) {
        EXPECT_TRUE(response.set_field(name, value));
      }
      EXPECT_TRUE(response.write(body));
    };
    EXPECT_EQ(answer(connection, serve).field("Content-Type"), type);
    EXPECT_EQ(answer(connection, serve, "HEAD").field("Content-Type"), type);
  }
}

TEST(ResponseWriter, HeadCountsItsBodyAndSendsNone) {
  FakeConnection connection;
  const auto serve = [](ResponseWriter& response, Request&) {
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(response.write("0123456789"));
  };
  const FakeTransport& sent = answer(connection, serve, "HEAD");
  EXPECT_TRUE(sent.plan.suppressed);
  EXPECT_EQ(sent.plan.length, 10'000U);
  EXPECT_EQ(sent.sent, "");
  EXPECT_EQ(sent.finishes, 1);
}

TEST(ResponseWriter, AFinalStatusIsSetOnceAndFixesTheFields) {
  FakeConnection connection;
  const FakeTransport& sent = answer(connection, [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.set_status(102));
    EXPECT_TRUE(response.set_field("X", "1"));
    EXPECT_TRUE(response.set_status(404));
    EXPECT_EQ(response.status(), 404);
    EXPECT_EQ(response.set_status(200).error(), IoError::kState);
    EXPECT_EQ(response.set_status(103).error(), IoError::kState);
    EXPECT_EQ(response.set_field("X", "2").error(), IoError::kState);
    EXPECT_EQ(response.remove_field("X").error(), IoError::kState);
  });
  EXPECT_EQ(sent.status, 404);
  EXPECT_EQ(sent.field("X"), "1");
  ASSERT_EQ(sent.informational.size(), 1U);
  EXPECT_EQ(sent.informational[0].first, 102);
}

TEST(ResponseWriter, TrailersNeedABodyWithoutALength) {
  FakeConnection connection;
  const auto serve = [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.write("x"));
    EXPECT_TRUE(response.add_trailer("Sum", "1"));
    EXPECT_EQ(response.add_trailer("Host", "h").error(), IoError::kInvalid);
    EXPECT_EQ(response.add_trailer("Sum", "1\n").error(), IoError::kInvalid);
  };
  const FakeTransport& sent = answer(connection, serve);
  EXPECT_EQ(sent.plan.length, std::nullopt);
  EXPECT_EQ(sent.trailers_sent, (FakeTransport::Lines{{"Sum", "1"}}));
}

TEST(ResponseWriter, AHeadMayNotGrowWithoutBound) {
  FakeConnection connection;
  answer(connection, [](ResponseWriter& response, Request&) {
    const std::string value(100'000, 'v');
    EXPECT_TRUE(response.add_field("A", value));
    EXPECT_TRUE(response.add_field("B", value));
    EXPECT_EQ(response.add_field("C", value).error(), IoError::kTooLarge);
  });
}

TEST(ResponseWriter, FlushSendsTheHeadThenWhatWasKept) {
  FakeConnection connection;
  const FakeTransport& sent = answer(connection, [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.flush());
    EXPECT_TRUE(response.committed());
    EXPECT_TRUE(response.write("a"));
    EXPECT_TRUE(response.flush());
    EXPECT_TRUE(response.write("b"));
  });
  EXPECT_EQ(sent.flushes, 2);
  EXPECT_EQ(sent.pieces, (std::vector<std::size_t>{1, 1}));
  EXPECT_EQ(sent.plan.length, std::nullopt);
}

TEST(ResponseWriter, AFailureBeforeTheHeadIsAnErrorReplyAndBehindItAnAbort) {
  for (const bool late : {false, true}) {
    FakeConnection connection;
    const FakeTransport& sent = answer(connection, [late](ResponseWriter& response, Request&) {
      (void)response.set_field("X", "1");
      (void)response.write("part");
      if (late) (void)response.flush();
      response.fail();
      EXPECT_EQ(response.write("x").error(), IoError::kState);
      EXPECT_EQ(response.flush().error(), IoError::kState);
    });
    EXPECT_EQ(sent.status, late ? 200 : 500);
    EXPECT_EQ(sent.heads, 1);
    EXPECT_EQ(sent.aborts, late ? 1 : 0);
    EXPECT_EQ(sent.finishes, late ? 0 : 1);
    EXPECT_EQ(sent.field("X").has_value(), late);
    EXPECT_EQ(sent.sent, late ? "part" : "500 Internal Server Error\n");
  }
}

TEST(ResponseWriter, ALostConnectionFailsTheWriteAndIsAborted) {
  FakeConnection connection;
  test::Routes routes;
  routes.add("/", [](ResponseWriter& response, Request&) {
    EXPECT_EQ(response.write(std::string(5000, 'x')).error(), IoError::kClosed);
  });
  FakeConnection::Stream& stream = connection.open("GET", "/");
  stream.transport.write_error = IoError::kClosed;
  EXPECT_TRUE(FakeConnection::run(stream, routes));
  EXPECT_EQ(stream.transport.aborts, 1);
}

}  // namespace
}  // namespace berth::serve
