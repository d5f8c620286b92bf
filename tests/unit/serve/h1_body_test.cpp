#include "serve/h1_body.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "unit/serve/h1_fixture.h"

namespace berth::serve {
namespace {

using namespace std::chrono_literals;

struct H1BodyTest : testing::H1Fixture {
  void begin(const http::Framing& framing, std::string_view received, Options options = {}) {
    connect(options);
    std::memcpy(room.data(), received.data(), received.size());
    body.begin(*worker_, *service_, *stream_, framing, room, received.size(), 100, deadline);
  }
  static http::Framing length(std::uint64_t bytes) {
    http::Framing framing;
    framing.body = http::Framing::Body::kLength;
    framing.length = bytes;
    return framing;
  }
  static http::Framing chunked() {
    http::Framing framing;
    framing.body = http::Framing::Body::kChunked;
    return framing;
  }
  // Reads to the end in pieces.
  test::ReadBody read_all(std::size_t piece = 7) {
    test::ReadBody all;
    std::string buffer(piece, '\0');
    for (;;) {
      const auto got = body.read(buffer);
      if (!got) {
        all.error = got.error();
        return all;
      }
      if (*got == 0) return all;
      all.bytes.append(buffer, 0, *got);
    }
  }

  std::array<char, 64> room{};
  std::optional<base::TimePoint> deadline;
  H1Body body;
};

TEST_F(H1BodyTest, WithoutALengthIsAtItsEnd) {
  begin(http::Framing(), "GET /next");
  EXPECT_TRUE(body.at_end());
  EXPECT_EQ(body.rest(), "GET /next");
}

TEST_F(H1BodyTest, OfALengthEndsBeforeTheNextRequest) {
  begin(length(5), "helloGET /next");
  EXPECT_EQ(read_all(3).bytes, "hello");
  EXPECT_TRUE(body.at_end());
  EXPECT_EQ(body.rest(), "GET /next");
}

TEST_F(H1BodyTest, OfALengthIsReadOnFromTheStreamAndNotBeyondIt) {
  begin(length(12), "hello");
  client_sends(
      ", world"
      "GET /next");
  EXPECT_EQ(read_all(100).bytes, "hello, world");
  EXPECT_EQ(body.rest(), "");
  std::array<char, 20> next;
  EXPECT_EQ(stream_->read(next).bytes, 9U) << "the next request stays in the socket";
}

TEST_F(H1BodyTest, InChunksMayComeInAnyPieces) {
  const std::string_view bytes = "5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\nSum: 1\r\n\r\nGET /next";
  for (std::size_t at = 0; at <= 40; ++at) {
    for (const std::size_t piece : {1U, 3U, 100U}) {
      begin(chunked(), bytes.substr(0, at));
      client_sends(bytes.substr(at));
      EXPECT_EQ(read_all(piece).bytes, "hello, world") << at;
      EXPECT_TRUE(body.at_end());
      EXPECT_EQ(body.trailers().find("Sum"), "1");
      // Of what follows, a part may still be in the socket.
      std::array<char, 20> more;
      std::string rest(body.rest());
      if (const net::IoResult got = stream_->read(more); got.ok())
        rest.append(more.data(), got.bytes);
      EXPECT_EQ(rest, "GET /next") << at;
    }
  }
}

TEST_F(H1BodyTest, MalformedIsBroken) {
  begin(chunked(), "5\r\nhelloX");
  const test::ReadBody all = read_all(100);
  EXPECT_EQ(all.bytes, "hello");
  EXPECT_EQ(all.error, IoError::kMalformed);
  EXPECT_TRUE(body.broken());
  std::array<char, 1> buffer;
  EXPECT_EQ(body.read(buffer).error(), IoError::kClosed);
}

TEST_F(H1BodyTest, CutShortIsBroken) {
  for (const bool in_chunks : {false, true}) {
    begin(in_chunks ? chunked() : length(10), in_chunks ? "5\r\nhel" : "hel");
    client_.reset();
    EXPECT_EQ(read_all().error, IoError::kClosed);
    EXPECT_TRUE(body.broken());
  }
}

TEST_F(H1BodyTest, DrainsUpToItsLimit) {
  begin(length(30), "hello");
  client_sends(std::string(25, 'x'));
  EXPECT_TRUE(body.drain(30));
  begin(length(31), "hello");
  client_sends(std::string(26, 'x'));
  EXPECT_FALSE(body.drain(30));
  begin(chunked(), "3\r\nabc\r\n0\r\n\r\n");
  EXPECT_TRUE(body.drain(3));
  EXPECT_TRUE(body.at_end());
}

TEST_F(H1BodyTest, EndsAtTheExchangesDeadline) {
  deadline = base::system_clock().now() + 20ms;
  begin(length(10), "hello");
  EXPECT_EQ(read_all().error, IoError::kTimedOut);
}

TEST_F(H1BodyTest, TooSlowIsTimedOutOnceTheGraceIsOver) {
  Options options;
  options.body_grace = 20ms;
  options.body_rate = 1'000'000'000;
  begin(length(1000), "", options);
  client_sends("some");
  EXPECT_EQ(read_all().error, IoError::kTimedOut);
}

TEST_F(H1BodyTest, BytesPutTheDeadlineOffByTheRate) {
  Options options;
  options.body_grace = 1ms;
  options.body_rate = 1;  // each byte earns a second
  begin(length(1000), "", options);
  client_sends(std::string(900, 'x'));
  std::thread client([this] {
    std::this_thread::yield();
    client_sends(std::string(100, 'x'));
  });
  EXPECT_EQ(read_all(1000).bytes.size(), 1000U);
  client.join();
}

}  // namespace
}  // namespace berth::serve
