// What is over a limit of the server is refused politely, and what is within goes on.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kGated =
    "POST /gated HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

struct Limits : ::testing::Test {
  Limits() {
    test::add_usual_routes(routes);
    routes.add("/gated", [this](ResponseWriter& response, Request& request) {
      (void)test::read_body(request);
      ++entered;
      opened.wait();
      (void)response.write("gated\n");
    });
  }
  void start() { server.emplace(routes, options); }

  Routes routes;
  test::TestServerOptions options;
  std::promise<void> open;
  std::shared_future<void> opened = open.get_future().share();
  std::atomic<int> entered{0};
  std::optional<TestServer> server;
};

TEST_F(Limits, AConnectionAboveTheLimitGetsA503) {
  options.serve.connections = 2;
  options.loops = 2;
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 2; ++i) {
    clients.push_back(server->connect());
    ASSERT_TRUE(clients.back().send(kHello));
    EXPECT_EQ(clients.back().read_reply().status, 200);
  }
  for (int i = 0; i < 3; ++i) {
    RawClient refused = server->connect();
    const Reply reply = refused.read_reply();
    EXPECT_EQ(reply.status, 503);
    EXPECT_TRUE(reply.has("Retry-After", "1"));
    EXPECT_TRUE(reply.says_close());
    EXPECT_TRUE(refused.closed_in_silence());
  }
  EXPECT_EQ(server->count(observe::Counter::kConnectionsRefused), 3U);
  clients.pop_back();
  TestServer::wait_until([&] { return server->loops().connections() == 1; });
  RawClient next = server->connect();
  ASSERT_TRUE(next.send(kHello));
  EXPECT_EQ(next.read_reply().status, 200);
}

TEST_F(Limits, ARequestThatFindsNoPlaceInTheQueueGetsA503WithRetryAfter) {
  options.threads = 2;
  options.queue = 1;
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 2; ++i) {  // one runs, one waits
    clients.push_back(server->connect());
    ASSERT_TRUE(clients.back().send(kGated));
  }
  TestServer::wait_until([&] { return entered == 1 && server->pool().queued() == 1; });
  for (const std::string_view method : {"POST", "HEAD"}) {
    RawClient refused = server->connect();
    ASSERT_TRUE(
        refused.send(std::string(kHello) + std::string(method) + std::string(kGated.substr(4))));
    EXPECT_EQ(refused.read_reply().status, 200);
    const Reply reply = refused.read_reply(method == "HEAD");
    EXPECT_EQ(reply.status, 503);
    EXPECT_TRUE(reply.has("Retry-After", "1"));
    EXPECT_TRUE(reply.says_close());
    EXPECT_TRUE(refused.closed_in_silence());
  }
  EXPECT_EQ(server->count(observe::Counter::kQueueRefused), 2U);
  open.set_value();
  for (RawClient& client : clients) EXPECT_EQ(client.read_reply().body, "gated\n");
}

TEST_F(Limits, InlineRequestsAreServedWhileEveryThreadIsTaken) {
  options.threads = 4;
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(server->connect());
    ASSERT_TRUE(clients.back().send(kGated));
  }
  TestServer::wait_until([&] { return entered == 3; });
  RawClient client = server->connect();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(client.send(kHello));
    EXPECT_EQ(client.read_reply().status, 200);
  }
  open.set_value();
  for (RawClient& waiting : clients) EXPECT_EQ(waiting.read_reply().body, "gated\n");
}

TEST_F(Limits, KeptInputAboveTheLimitOfBufferedBytesGetsA503) {
  options.serve.buffered_bytes = 10'000;
  start();
  for (
      const std::string_view head :
      {"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 16000\r\n\r\n",  // read ahead
       "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4000\r\n"}) {  // handed
                                                                                           // over
    RawClient client = server->connect();
    server->on_loop(0, [&](sched::Worker&) {
      ASSERT_TRUE(client.send(std::string(kHello) + std::string(head) + std::string(12'000, 'x')));
    });
    EXPECT_EQ(client.read_reply().status, 200);
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.status, 503) << head;
    EXPECT_TRUE(reply.has("Retry-After", "1"));
    EXPECT_TRUE(client.closed_in_silence());
  }
  RawClient next = server->connect();
  ASSERT_TRUE(next.send(kHello));
  EXPECT_EQ(next.read_reply().status, 200);
}

TEST_F(Limits, BufferedBytesAreCountedWhileTheyAreKeptAndNotAfterwards) {
  start();
  const std::uint64_t before = server->service().buffered();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 16000\r\n\r\n" +
                          std::string(15'000, 'x')));
  server->settle();
  TestServer::wait_until([&] { return server->service().buffered() >= 15'000; });
  ASSERT_TRUE(client.send(std::string(1000, 'x')));
  EXPECT_EQ(client.read_reply().body.size(), 16'000U);
  server->settle();
  EXPECT_EQ(server->service().buffered(), before);
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 16000\r\n\r\nx"));
  server->settle();
  client.reset();
  TestServer::wait_until([&] { return server->service().buffered() == before; });
}

TEST_F(Limits, UnsentOutputAboveTheLimitOfBufferedBytesCutsTheConnection) {
  const std::string large(200'000, 'x');
  routes.add("/large", [&](ResponseWriter& response, Request&) { (void)response.write(large); });
  options.serve.buffered_bytes = 50'000;
  options.send_buffer = 8 * 1024;
  start();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect({.receive_buffer = 4096});
  ASSERT_TRUE(client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(client.read_reply().whole);
  RawClient next = server->connect();
  ASSERT_TRUE(next.send(kHello));
  EXPECT_EQ(next.read_reply().status, 200);
}

TEST_F(Limits, AHeadThatMayBeLargerThanTheReadBufferIsRefusedAndTheLoopGoesOn_G42) {
  options.serve.head.max_head_bytes = 1 << 20;
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x')));
  EXPECT_EQ(client.read_reply().status, 431);
  RawClient next = server->connect();
  ASSERT_TRUE(next.send(kHello));
  EXPECT_EQ(next.read_reply().status, 200);
}

TEST_F(Limits, WhatAHandlerLeavesOfABodyIsDroppedUpToItsLimit_F10) {
  options.serve.unread_body_bytes = 20'000;
  start();
  for (const std::size_t size : {20'000U, 20'001U}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send("POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                            std::to_string(size) + "\r\n\r\n" + std::string(size, 'x')));
    EXPECT_EQ(client.read_reply().says_close(), size > 20'000) << size;
  }
}

TEST_F(Limits, TheOverheadOfChunksIsHeldToItsLimit_F7) {
  options.serve.chunk_excess_bytes = 100;
  start();
  for (const std::size_t extension : {100U, 200U}) {
    const std::string chunk = "1;" + std::string(extension, 'e') + "\r\na\r\n";
    RawClient client = server->connect();
    ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
                            chunk + "0\r\n\r\n"));
    EXPECT_EQ(client.read_reply().status, extension > 100 ? 400 : 200) << extension;
  }
}

TEST_F(Limits, WhereNoThreadMayWaitForAClientItsAnswerIsKept_F3) {
  options.client_waits = 1;
  options.send_buffer = 16 * 1024;
  options.serve.write_stall = std::chrono::minutes(10);  // nobody reads until all have been asked
  const std::string large(1'000'000, 'x');
  routes.add("/large", [&](ResponseWriter& response, Request&) {
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(response.write(large));
  });
  routes.add("/too-large", [&](ResponseWriter& response, Request&) {
    serve::IoStatus sent = response.write(large);
    for (int i = 0; i < 9 && sent.ok(); ++i) sent = response.write(large);
    EXPECT_EQ(sent.error(), serve::IoError::kExhausted);
  });
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(server->connect({.receive_buffer = 8192}));
    ASSERT_TRUE(clients.back().send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n"));
  }
  // All but the one for whom a thread waits.
  TestServer::wait_until([&] { return server->count(observe::Counter::kResponses2xx) == 4; });
  RawClient greedy = server->connect({.receive_buffer = 8192});
  ASSERT_TRUE(greedy.send("GET /too-large HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(greedy.read_reply().whole);
  for (RawClient& client : clients) EXPECT_EQ(client.read_reply().body.size(), 3 * large.size());
  TestServer::wait_until([&] { return server->service().buffered() == 0; });
}

// A loan is for what is unsent now, and is over once that is gone, however the handler goes on.
TEST_F(Limits, WhatWasKeptForAClientIsGivenBackWhenItIsTaken_F3) {
  options.client_waits = 1;
  options.send_buffer = 16 * 1024;
  options.loops = 2;
  constexpr std::size_t kPiece = 8192;
  constexpr int kSteps = 600;  // more in all than may be kept at a time
  static_assert(kPiece * kSteps > base::limits::kBorrowed);
  std::atomic<int> written{0};
  std::atomic<int> taken{0};
  routes.add("/in-steps", [&](ResponseWriter& response, Request&) {
    ASSERT_TRUE(response.write(std::string(1'000'000, 'x')));
    for (int i = 1; i <= kSteps; ++i) {
      ASSERT_TRUE(response.write(std::string(kPiece, 'x'))) << i;
      written = i;
      TestServer::wait_until([&] { return taken == i; });
    }
  });
  start();
  RawClient waiting = server->connect();  // the one for whom a thread may wait
  ASSERT_TRUE(waiting.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n"));
  TestServer::wait_until([&] { return server->pool().running() == 1; });
  RawClient client = server->connect({.receive_buffer = 8192});
  ASSERT_TRUE(client.send("GET /in-steps HTTP/1.0\r\n\r\n"));
  for (int i = 1; i <= kSteps; ++i) {
    TestServer::wait_until([&] { return written == i; });
    client.skip(kPiece);
    taken = i;
  }
  (void)client.read_until_close();
  waiting.close();
  TestServer::wait_until([&] { return server->service().buffered() == 0; });
}

// Whoever pipelines is read no further than the buffer while one request is served: the rest stays
// with the client.
TEST_F(Limits, OfPipelinedRequestsNoMoreIsKeptThanTheReadBuffer_F11) {
  options.buffer_bytes = 32 * 1024;
  options.receive_buffer = 16 * 1024;
  start();
  RawClient client = server->connect({.send_buffer = 16 * 1024});
  ASSERT_TRUE(client.send(kGated));
  TestServer::wait_until([this] { return entered == 1; });
  std::string flood;
  while (flood.size() < 4UL * 1024 * 1024) flood += kHello;
  std::size_t sent = 0;
  while (const std::size_t more = client.send_some(std::string_view(flood).substr(sent))) {
    sent += more;
    server->settle();
  }
  EXPECT_LT(sent, flood.size());
  EXPECT_LE(server->service().buffered(), options.buffer_bytes);
  open.set_value();
  EXPECT_EQ(client.read_reply().body, "gated\n");
  for (std::size_t i = 0; i < sent / kHello.size(); ++i) {
    ASSERT_EQ(client.read_reply().status, 200) << i;
  }
}

TEST_F(Limits, RequestsAreCountedOnceEach) {
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(
      client.send(std::string(kHello) + "GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n" +
                  "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" +
                  "GET /throw HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(client.read_all().size(), 4U);
  TestServer::wait_until([&] {
    return server->count(observe::Counter::kConnectionsClosed) == 0 ||
           server->loops().connections() == 0;
  });
  server->settle();
  EXPECT_EQ(server->count(observe::Counter::kRequests), 4U);
  EXPECT_EQ(server->count(observe::Counter::kResponses2xx), 2U);
  EXPECT_EQ(server->count(observe::Counter::kResponses4xx), 1U);
  EXPECT_EQ(server->count(observe::Counter::kResponses5xx), 1U);
}

}  // namespace
}  // namespace berth
