// What is over a limit is refused politely, and what is under it goes on.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/limits.h"
#include "e2e/host.h"
#include "net/descriptor_limit.h"

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
  Host host(usual("limits: { threads: 4, client_waits: 1 }\n"));
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
  constexpr std::size_t kOver = 5;
  constexpr std::size_t kAll = 1 + base::limits::kQueue + kOver;
  const auto limit = net::raise_descriptor_limit();
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  if (files.rlim_cur < kAll + 100) GTEST_SKIP() << "the limit of open descriptors is too low";
  Host host(usual("limits: { threads: 4, client_waits: 1 }\n"));
  std::vector<RawClient> uploads;
  for (std::size_t i = 0; i < kAll; ++i) {
    uploads.push_back(host.connect());
    uploads.back().send(kUpload);
  }
  // One is served, the queue is full, the rest is refused: which ones is the loops' affair.
  std::vector<pollfd> waits;
  for (const RawClient& upload : uploads) waits.push_back({upload.fd(), POLLIN, 0});
  std::size_t going_on = 0;
  std::size_t refused = 0;
  while (refused < kOver || going_on < 1) {
    ASSERT_GT(::poll(waits.data(), waits.size(), 60'000), 0);
    for (std::size_t i = 0; i < kAll; ++i) {
      if (waits[i].revents == 0) continue;
      waits[i].fd = -1;  // answered
      const Reply reply = uploads[i].read_reply();
      if (reply.status == 100) {
        ++going_on;
      } else {
        ++refused;
        expect_busy(reply);
      }
    }
  }
  EXPECT_EQ(going_on, 1U);
  EXPECT_EQ(refused, kOver);
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
