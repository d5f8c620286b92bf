// Bodies of requests: lengths, chunks, trailers, Expect, what nobody reads, and limits on them.
#include <gtest/gtest.h>

#include <array>

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

struct Bodies : ::testing::TestWithParam<std::size_t> {
  Bodies() {
    test::add_usual_routes(routes);
    serve::Route& small =
        routes.add("/small", [](serve::ResponseWriter& response, serve::Request& request) {
          const test::ReadBody body = test::read_body(request, 10);
          (void)response.set_status(body.error == serve::IoError::kTooLarge ? 413 : 200);
          (void)response.write(body.bytes);
        });
    small.max_body = 100;
    routes
        .add("/large",
             [](serve::ResponseWriter& response, serve::Request& request) {
               (void)response.write(std::to_string(test::read_body(request).bytes.size()));
             })
        .max_body = 64 << 20;
    routes
        .add("/large-unread", [](serve::ResponseWriter& response,
                                 serve::Request&) { (void)response.write("not read\n"); })
        .max_body = 64 << 20;
    routes.add("/some", [](serve::ResponseWriter& response, serve::Request& request) {
      std::array<char, 3> buffer;
      (void)request.read(buffer);
      (void)response.write("read some\n");
    });
    test::TestServerOptions options;
    options.loops = GetParam();
    server.emplace(routes, options);
  }

  Routes routes;
  std::optional<TestServer> server;
};

INSTANTIATE_TEST_SUITE_P(Loops, Bodies, ::testing::Values(1U, 2U, 4U));

constexpr std::string_view kNext = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

std::string post(std::string_view path, std::size_t length, std::string_view more = {}) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(length) + "\r\n" +
         std::string(more) + "\r\n";
}

std::string chunked(std::string_view path, std::string_view chunks, std::string_view more = {}) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n" +
         std::string(more) + "\r\n" + std::string(chunks);
}

TEST_P(Bodies, OfEveryLengthComeBackAndTheConnectionGoesOn) {
  RawClient client = server->connect();
  for (const std::size_t length :
       {0U, 1U, 2047U, 2048U, 2049U, 16383U, 16384U, 16385U, 65536U, 300000U, 1048576U}) {
    std::string body(length, 'a');
    for (std::size_t i = 0; i < length; i += 100) body[i] = static_cast<char>('a' + i / 100 % 26);
    ASSERT_TRUE(client.send(post("/echo", length) + body));
    const Reply reply = client.read_reply();
    ASSERT_TRUE(reply.whole) << length;
    EXPECT_EQ(reply.body == body, true) << length;
  }
}

TEST_P(Bodies, ChunkedOnesComeBackWhole_G38) {
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(chunked("/echo", "5;ext=\"x\"\r\nhello\r\n1\r\n,\r\n0\r\n\r\n") +
                          std::string(kNext)));
  EXPECT_EQ(client.read_reply().body, "hello,");
  EXPECT_EQ(client.read_reply().body, "hello, world\n");
}

TEST_P(Bodies, ManyChunksOfALargeBodyComeBackWhole_G38) {
  RawClient client = server->connect();
  std::string chunks;
  std::string body;
  for (int i = 0; i < 2000; ++i) {
    const std::string data(100 + static_cast<std::size_t>(i % 57), static_cast<char>('a' + i % 26));
    std::array<char, 8> size{};
    std::snprintf(size.data(), size.size(), "%zx\r\n", data.size());
    chunks += size.data() + data + "\r\n";
    body += data;
  }
  chunks += "0\r\n\r\n";
  ASSERT_TRUE(client.send(chunked("/echo", chunks) + std::string(kNext)));
  EXPECT_EQ(client.read_reply().body == body, true);
  EXPECT_EQ(client.read_reply().body, "hello, world\n");
}

TEST_P(Bodies, TrailersAreThereOnceTheBodyIsRead_G37) {
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(chunked("/echo", "3\r\nabc\r\n0\r\nChecksum: 42\r\nNote: a, b\r\n\r\n") +
                          std::string(kNext)));
  const Reply reply = client.read_reply();
  EXPECT_TRUE(reply.has("X-Trailer-Checksum", "42"));
  EXPECT_TRUE(reply.has("X-Trailer-Note", "a, b"));
  EXPECT_EQ(client.read_reply().status, 200);
}

TEST_P(Bodies, MalformedChunksFailTheReadAndCloseTheConnection_G38_F7_F8_F9) {
  const std::string long_extension(base::limits::kChunkLine, 'e');
  for (const std::string& chunks :
       {std::string("x\r\n"), std::string("3\r\nabcd\r\n"), std::string("3\nabc\n0\n\n"),
        std::string("-1\r\n"), std::string("ffffffffffffffff1\r\n"), std::string("3 \r\nabc\r\n"),
        "1;" + long_extension + "\r\na\r\n", std::string("0\r\nContent-Length: 3\r\n\r\n"),
        std::string("0\r\nbad trailer\r\n\r\n")}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(chunked("/echo", chunks) + std::string(kNext)));
    const std::vector<Reply> replies = client.read_all();
    ASSERT_EQ(replies.size(), 1U) << chunks.substr(0, 50);
    EXPECT_EQ(replies[0].status, 400) << chunks.substr(0, 50);
    EXPECT_TRUE(replies[0].says_close());
  }
}

TEST_P(Bodies, AClientThatWaitsForA100GetsItWhenTheHandlerReads_G40_F12) {
  RawClient client = server->connect();
  for (const bool in_chunks : {false, true}) {
    ASSERT_TRUE(client.send(in_chunks ? chunked("/echo", "", "Expect: 100-continue\r\n")
                                      : post("/echo", 5, "Expect: 100-Continue\r\n")));
    EXPECT_EQ(client.read_reply().status, 100);
    ASSERT_TRUE(client.send(in_chunks ? "5\r\nhello\r\n0\r\n\r\n" : "hello"));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "hello");
  }
}

TEST_P(Bodies, AHandlerThatNeverReadsAnswersWithoutA100AndCloses_G40_G75_F12) {
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(post("/unread", 5, "Expect: 100-continue\r\n")));
  const std::vector<Reply> replies = client.read_all();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_EQ(replies[0].status, 200);
  EXPECT_TRUE(replies[0].says_close());
}

TEST_P(Bodies, ExpectIsIgnoredWhereNoBodyComesAndInHttp10_G40) {
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("GET /hello HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.read_reply().status, 200);
  ASSERT_TRUE(
      client.send("POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab"));
  EXPECT_EQ(client.read_reply().body, "ab");
}

TEST_P(Bodies, ADeclaredLengthAboveTheRoutesLimitIsA413WithoutTheHandler_G82) {
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(post("/small", 100) + std::string(100, 'x') + post("/small", 101)));
  EXPECT_EQ(client.read_reply().status, 200);
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(reply.says_close());
  EXPECT_TRUE(client.closed_in_silence());
}

TEST_P(Bodies, AChunkedBodyAboveTheRoutesLimitFailsTheRead_G82) {
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(chunked("/small", "64\r\n" + std::string(100, 'x') + "\r\n0\r\n\r\n")));
  EXPECT_EQ(client.read_reply().status, 200);
  ASSERT_TRUE(client.send(chunked("/small", "65\r\n" + std::string(101, 'x') + "\r\n0\r\n\r\n")));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.body, std::string(100, 'x'));
}

TEST_P(Bodies, AClientInMidUploadReadsIts413_G27) {
  for (int round = 0; round < 5; ++round) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(post("/small", 1'000'000)));
    // Closing over unread bytes would reset the connection, and take the reply with it.
    ASSERT_TRUE(client.send(std::string(500'000, 'x')));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 413);
    EXPECT_TRUE(reply.whole);
    EXPECT_EQ(client.end(), RawClient::End::kOpen);
    EXPECT_TRUE(client.closed_in_silence());
    EXPECT_EQ(client.end(), RawClient::End::kFin);
  }
}

TEST_P(Bodies, UnreadOnesOfUpTo256KiBAreDroppedAndTheConnectionGoesOn_G74_F10) {
  for (const std::size_t length : {1U, 10000U, 16384U, 16385U, 256U * 1024U}) {
    RawClient client = server->connect();
    // Looks like requests: none of it may be taken for one.
    std::string body;
    while (body.size() < length) body += kNext;
    body.resize(length);
    ASSERT_TRUE(client.send(post("/unread", length) + body + std::string(kNext)));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.body, "not read\n") << length;
    EXPECT_FALSE(reply.says_close()) << length;
    EXPECT_EQ(client.read_reply().body, "hello, world\n") << length;
    client.half_close();
    EXPECT_TRUE(client.closed_in_silence()) << "a part of the body was taken for a request";
  }
}

TEST_P(Bodies, LargerUnreadOnesCloseTheConnection_G74_F10) {
  RawClient client = server->connect();
  const std::size_t length = 256 * 1024 + 1;
  ASSERT_TRUE(client.send(post("/unread", length)));
  const std::vector<Reply> replies = client.read_all();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].whole);
  EXPECT_TRUE(replies[0].says_close());
}

TEST_P(Bodies, UnreadChunkedOnesCloseTheConnection_G74) {
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(chunked("/unread", "3\r\nabc\r\n0\r\n\r\n") + std::string(kNext)));
  const std::vector<Reply> replies = client.read_all();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_TRUE(replies[0].says_close());
}

TEST_P(Bodies, ThoseOfRequestsNobodyServesAreDroppedInTheLoop_G58_G74) {
  RawClient client = server->connect();
  const std::string body(100'000, 'x');
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(post("/nowhere", body.size()) + body));
    EXPECT_EQ(client.read_reply().status, 404);
  }
  ASSERT_TRUE(client.send(kNext));
  EXPECT_EQ(client.read_reply().body, "hello, world\n");
}

TEST_P(Bodies, ReadInPartAreDrainedToTheirEnd_G74) {
  RawClient client = server->connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(post("/some", 200'000)));
    ASSERT_TRUE(client.send(std::string(200'000, 'x')));
    EXPECT_EQ(client.read_reply().body, "read some\n");
    ASSERT_TRUE(client.send(chunked("/some", "6\r\nabcdef\r\n0\r\n\r\n")));
    EXPECT_EQ(client.read_reply().body, "read some\n");
  }
}

TEST_P(Bodies, ALargeUploadIsReadInItsOwnTime) {
  RawClient client = server->connect();
  const std::string piece(1 << 20, 'x');
  ASSERT_TRUE(client.send(post("/large", 20 * piece.size())));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client.send(piece));
  EXPECT_EQ(client.read_reply().body, std::to_string(20 * piece.size()));
}

TEST_P(Bodies, OneThatEndsEarlyFailsTheReadAndIsStillAnswered_F19) {
  for (const bool in_chunks : {false, true}) {
    RawClient client = server->connect();
    ASSERT_TRUE(
        client.send(in_chunks ? chunked("/echo", "8000\r\nabc") : post("/echo", 20000) + "abc"));
    client.half_close();
    const std::vector<Reply> replies = client.read_all();
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].status, 400);
    EXPECT_TRUE(replies[0].says_close());
  }
}

TEST_P(Bodies, ManyClientsAtOnceGetTheirOwn) {
  std::vector<RawClient> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(server->connect());
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const std::string body(i * 1000, static_cast<char>('a' + i % 26));
      ASSERT_TRUE(clients[i].send(post("/echo", body.size()) + body));
    }
    for (std::size_t i = 0; i < clients.size(); ++i) {
      const Reply reply = clients[i].read_reply();
      EXPECT_EQ(reply.body == std::string(i * 1000, static_cast<char>('a' + i % 26)), true) << i;
    }
  }
}

}  // namespace
}  // namespace berth
