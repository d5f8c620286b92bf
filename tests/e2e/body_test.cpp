// Bodies of requests: small ones inline, large ones as streams, and slow ones that hold nobody up.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "e2e/bulk_echo.h"
#include "e2e/host.h"
#include "support/sanitized.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

constexpr std::uint64_t kBulkBytes = (test::kSanitized ? 10 : 100) * std::uint64_t{1'000'000};

std::string post(const std::string& path, const std::string& fields) {
  return "POST " + path + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

TEST(Bodies, ASmallOneIsEchoed) {
  Host host(usual());
  RawClient client = host.connect();
  client.send(post("/echo", "Content-Length: 5\r\nContent-Type: text/x-mine\r\n") + "12345");
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.body, "12345");
  EXPECT_EQ(reply.field("Content-Type"), "text/x-mine");
  EXPECT_EQ(reply.field("Content-Length"), "5");
  client.send(post("/echo", "Transfer-Encoding: chunked\r\n") +
              "3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nX-Sum: 7\r\n\r\n");
  EXPECT_EQ(client.read_reply().body, "abcdefg");
  client.send(post("/echo", "Content-Length: 0\r\n"));
  EXPECT_EQ(client.read_reply().body, "");
}

TEST(Bodies, ALargeOneIsStreamedByLength) {
  Host host(usual());
  const BulkEcho echo = bulk_echo(host.port(), kBulkBytes, BulkFraming::kLength);
  EXPECT_EQ(echo.problem, "") << echo.head;
  EXPECT_EQ(echo.echoed, kBulkBytes);
  EXPECT_TRUE(echo.head.starts_with("HTTP/1.1 200 OK\n")) << echo.head;
  EXPECT_NE(echo.head.find("Content-Length: " + std::to_string(kBulkBytes) + "\n"),
            std::string::npos);
}

TEST(Bodies, ALargeOneIsStreamedInChunks) {
  Host host(usual());
  const BulkEcho echo = bulk_echo(host.port(), kBulkBytes, BulkFraming::kChunked);
  EXPECT_EQ(echo.problem, "") << echo.head;
  EXPECT_EQ(echo.echoed, kBulkBytes);
  EXPECT_TRUE(echo.head.starts_with("HTTP/1.1 200 OK\n")) << echo.head;
}

TEST(Bodies, WhoExpectsContinueIsToldToGoOn) {
  Host host(usual());
  RawClient client = host.connect();
  client.send(post("/echo", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(client.read_reply().status, 100);
  client.send("hello");
  EXPECT_EQ(client.read_reply().body, "hello");
}

TEST(Bodies, OneOverMaxBodyIsRefused) {
  Host host(usual());
  for (const std::string expect : {"", "Expect: 100-continue\r\n"}) {
    RawClient client = host.connect();
    client.send(post("/short", "Content-Length: 1025\r\n" + expect));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 413);
    EXPECT_TRUE(reply.says_close());
    EXPECT_TRUE(client.closed_in_silence());
  }
  RawClient client = host.connect();  // what has been sent can be dropped: it stays
  client.send(post("/short", "Transfer-Encoding: chunked\r\n") + "401\r\n" +
              std::string(1025, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 413);
  client.send(post("/short", "Content-Length: 1024\r\n") + std::string(1024, 'x'));
  EXPECT_EQ(client.read_reply().body.size(), 1024U);
}

TEST(Bodies, MalformedChunksAreTheClientsFaultAndNoLine) {
  Host host(usual());
  for (const std::string body : {"x\r\n", "3\r\nabcd\r\n", "0\r\nTrailer: not here\r\n\r\n"}) {
    RawClient client = host.connect();
    client.send(post("/echo", "Transfer-Encoding: chunked\r\n") + body);
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_TRUE(reply.says_close());
    EXPECT_TRUE(client.closed_in_silence());
  }
  EXPECT_EQ(host.stop().find(" error "), std::string::npos);
}

// More uploads than there are loops, each in the middle of its body: every loop that an upload
// could hold would be held.
TEST(Bodies, ASlowUploadHoldsNoFastRequest) {
  Host host(usual());
  constexpr std::size_t kUploads = 12;
  constexpr int kBytes = 20;
  std::vector<RawClient> uploads;
  for (std::size_t i = 0; i < kUploads; ++i) {
    uploads.push_back(host.connect());
    const std::string body = i % 2 == 0 ? "Content-Length: " + std::to_string(kBytes) + "\r\n"
                                        : "Transfer-Encoding: chunked\r\n";
    uploads.back().send(post("/echo", body + "Expect: 100-continue\r\n"));
    EXPECT_EQ(uploads.back().read_reply().status, 100);  // its handler waits for bytes
  }
  for (int byte = 0; byte < kBytes; ++byte) {
    for (std::size_t i = 0; i < kUploads; ++i) uploads[i].send(i % 2 == 0 ? "x" : "1\r\nx\r\n");
    ASSERT_EQ(host.hello("you"), "hello, you\n");
  }
  for (std::size_t i = 0; i < kUploads; ++i) {
    if (i % 2 != 0) uploads[i].send("0\r\n\r\n");
    EXPECT_EQ(uploads[i].read_reply().body, std::string(kBytes, 'x'));
  }
}

}  // namespace
}  // namespace berth::e2e
