// What is over a limit is refused politely, and what is under it goes on.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "e2e/full_queue.h"
#include "e2e/host.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

constexpr std::string_view kUpload =
    "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n";

void expect_busy(const Reply& reply) {
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.field("Retry-After"), "1");
  EXPECT_TRUE(reply.says_close());
}

TEST(Limits, AnUploadOverClientWaitsIsQueuedUntilOneEnds) {
  Host host(usual(kOneUpload));
  RawClient first = host.connect();
  first.send(kUpload);
  EXPECT_EQ(first.read_reply().status, 100);
  RawClient second = host.connect();
  second.send(kUpload);
  EXPECT_EQ(host.hello("you"), "hello, you\n");  // fast requests are served meanwhile
  EXPECT_EQ(second.received(), "");
  first.send("one");
  EXPECT_EQ(first.read_reply().body, "one");
  EXPECT_EQ(second.read_reply().status, 100);
  second.send("two");
  EXPECT_EQ(second.read_reply().body, "two");
}

TEST(Limits, AnUploadOverTheQueueGets503WithRetryAfter) {
  Host host(usual(kOneUpload));
  const FullQueue queue = fill_queue(host, kUpload, 5);
  EXPECT_EQ(queue.going_on, 1U);
  ASSERT_EQ(queue.refused.size(), 5U);
  for (const Reply& reply : queue.refused) expect_busy(reply);
  EXPECT_EQ(host.hello("you"), "hello, you\n");
}

TEST(Limits, AConnectionOverTheLimitGets503) {
  Host host(usual("limits: { connections: 2 }\n"));
  const std::string request = "GET /hello/you HTTP/1.1\r\nHost: h\r\n\r\n";
  RawClient first = host.connect();
  RawClient second = host.connect();
  for (RawClient* client : {&first, &second}) {
    client->send(request);
    EXPECT_EQ(client->read_reply().status, 200);
  }
  RawClient third = host.connect();
  expect_busy(third.read_reply());
  EXPECT_TRUE(third.closed_in_silence());

  // Room again as soon as the host has seen that one is gone.
  first.close();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::string body;
  while (body != "hello, you\n" && std::chrono::steady_clock::now() < deadline) {
    body = host.hello("you");
  }
  EXPECT_EQ(body, "hello, you\n");
}

}  // namespace
}  // namespace berth::e2e
