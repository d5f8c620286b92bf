// Handlers that block hold nobody up: their loop goes on without them, and a route that keeps doing
// it is served by threads of its own. Blocking is real, but no time is asserted.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/routes.h"
#include "support/sanitized.h"
#include "support/test_server.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using observe::Counter;
using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

std::string get(std::string_view path) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

int status_of(RawClient& client, std::string_view path) {
  if (!client.send(get(path))) return 0;
  return client.read_reply().status;
}

struct Blocking : ::testing::TestWithParam<std::size_t> {
  Blocking() {
    test::add_usual_routes(routes);
    options.loops = GetParam();
    options.threads = 4 * GetParam();
    options.client_waits = 2 * GetParam();
    gated = &routes.add("/gated", [this](ResponseWriter& response, Request&) {
      ++entered;
      opened.wait();
      (void)response.write("gated\n");
    });
    short_sleep = &add_sleeping("/sleeps-300us", 300us, 1);
    long_sleep = &add_sleeping("/sleeps-10ms", 10ms, 1);
    rare_sleep = &add_sleeping("/sleeps-rarely", 10ms, 100);
    hello = &routes.add(
        "/quick", [](ResponseWriter& response, Request&) { (void)response.write("quick\n"); });
  }
  serve::Route& add_sleeping(std::string path, base::Duration time, int every) {
    return routes.add(std::move(path),
                      [this, time, every, calls = std::make_shared<std::atomic<int>>(0)](
                          ResponseWriter& response, Request&) {
                        if (++*calls % every == 0 && blocks) std::this_thread::sleep_for(time);
                        (void)response.write("slept\n");
                      });
  }
  void start() { server.emplace(routes, options); }

  Routes routes;
  serve::Route* gated = nullptr;
  serve::Route* short_sleep = nullptr;
  serve::Route* long_sleep = nullptr;
  serve::Route* rare_sleep = nullptr;
  serve::Route* hello = nullptr;
  std::atomic<bool> blocks{true};
  test::TestServerOptions options;
  std::promise<void> open;
  std::shared_future<void> opened = open.get_future().share();
  std::atomic<int> entered{0};
  std::optional<TestServer> server;
};

INSTANTIATE_TEST_SUITE_P(Loops, Blocking, ::testing::Values(1, 2, 4, 8));

TEST_P(Blocking, AHandlerThatKeepsItsLoopHoldsUpNobody) {
  start();
  const test::StopAtEnd stop(server);
  std::vector<RawClient> blocked;
  for (std::size_t i = 0; i < 2 * GetParam(); ++i) {
    blocked.push_back(server->connect());
    ASSERT_TRUE(blocked.back().send(get("/gated")));
  }
  for (int i = 0; i < 30; ++i) {
    RawClient client = server->connect();
    EXPECT_EQ(status_of(client, "/quick"), 200);
    EXPECT_EQ(status_of(client, "/hello"), 200);
  }
  TestServer::wait_until([&] { return entered == static_cast<int>(blocked.size()); });
  EXPECT_GE(server->count(Counter::kLoopsTaken), 1U);
  open.set_value();
  for (RawClient& client : blocked) EXPECT_EQ(client.read_reply().body, "gated\n");
}

TEST_P(Blocking, RoutesThatSleepAreLearntAndTheOthersStayInline) {
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(server->connect());
  for (int round = 0; round < 60; ++round) {
    const std::string_view paths[] = {"/sleeps-300us", "/quick",         "/sleeps-10ms",
                                      "/quick",        "/sleeps-rarely", "/hello"};
    for (std::size_t i = 0; i < clients.size(); ++i) ASSERT_TRUE(clients[i].send(get(paths[i])));
    for (RawClient& client : clients) ASSERT_EQ(client.read_reply().status, 200);
  }
  EXPECT_TRUE(short_sleep->learning.offloaded());
  EXPECT_TRUE(long_sleep->learning.offloaded());
  EXPECT_FALSE(hello->learning.offloaded());
  EXPECT_EQ(rare_sleep->learning.times_offloaded(), 0U);
  EXPECT_EQ(server->count(Counter::kRoutesOffloaded), 2U);
  EXPECT_GE(server->count(Counter::kOffloads), 2 * (60U - 20U));
}

TEST_P(Blocking, ARouteThatStopsBlockingComesBack) {
  start();
  RawClient client = server->connect();
  for (int i = 0; i < 200 && !short_sleep->learning.offloaded(); ++i) {
    ASSERT_EQ(status_of(client, "/sleeps-300us"), 200);
  }
  ASSERT_TRUE(short_sleep->learning.offloaded());
  blocks = false;
  for (int i = 0; i < 20'000 && short_sleep->learning.offloaded(); ++i) {
    ASSERT_EQ(status_of(client, "/sleeps-300us"), 200);
  }
  EXPECT_FALSE(short_sleep->learning.offloaded());
  EXPECT_EQ(server->count(Counter::kRoutesReturned), 1U);
  // By the loop itself, which has then counted what it handed over before.
  EXPECT_EQ(status_of(client, "/sleeps-300us"), 200);
  const std::uint64_t offloads = server->count(Counter::kOffloads);
  EXPECT_EQ(status_of(client, "/sleeps-300us"), 200);
  EXPECT_EQ(server->count(Counter::kOffloads), offloads);
}

TEST_P(Blocking, OneCallInAHundredThatBlocksLeavesItsRouteInline) {
  start();
  RawClient client = server->connect();
  RawClient other = server->connect();
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(client.send(get("/sleeps-rarely")));
    ASSERT_TRUE(other.send(get("/quick")));
    ASSERT_EQ(client.read_reply().status, 200);
    ASSERT_EQ(other.read_reply().status, 200);
  }
  EXPECT_FALSE(rare_sleep->learning.offloaded());
  EXPECT_GE(server->count(Counter::kLoopsTaken), 1U) << "10 ms are long enough for the monitor";
}

TEST_P(Blocking, WaitingForClientsIsNotHeldAgainstARoute) {
  const std::string large(100'000, 'x');  // more than the sockets take
  const serve::Route& reads = routes.add("/reads", [](ResponseWriter& response, Request& request) {
    (void)response.write(test::read_body(request).bytes);
  });
  const serve::Route& writes = routes.add("/writes", [&](ResponseWriter& response, Request&) {
    (void)response.write(large);
    (void)response.flush();
  });
  options.send_buffer = 8 * 1024;
  options.threads = 16;  // some may be late to end
  options.client_waits = 12;
  start();
  const test::StopAtEnd stop(server);
  for (int i = 0; i < 20; ++i) {
    RawClient slow = server->connect({.receive_buffer = 4096});
    const std::uint64_t waits = server->count(Counter::kLoopsReleased);
    ASSERT_TRUE(slow.send(get("/writes")));
    // Its answer does not fit, so it waits for the client, who has not begun to read.
    if (!writes.learning.offloaded()) {
      TestServer::wait_until([&] {
        return server->count(Counter::kLoopsReleased) > waits ||
               server->count(Counter::kLoopsTaken) > 0;
      });
    }
    EXPECT_EQ(slow.read_reply().body.size(), large.size());
    RawClient upload = server->connect();
    ASSERT_TRUE(upload.send(
        "POST /reads HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
    EXPECT_EQ(upload.read_reply().status, 100);  // so the handler reads
    ASSERT_TRUE(upload.send("abc"));
    EXPECT_EQ(upload.read_reply().body, "abc");
  }
  EXPECT_EQ(reads.learning.times_offloaded(), 0U);
  // What a sanitizer adds to 100 kB of writing is CPU time, and counts from 500 us.
  if (!test::kSanitized) {
    EXPECT_EQ(writes.learning.times_offloaded(), 0U);
  }
}

TEST_P(Blocking, AQuickRouteIsServedWhileEveryThreadIsTaken) {
  options.queue_timeout = 10min;
  start();
  const test::StopAtEnd stop(server);
  std::vector<RawClient> blocked;
  const std::size_t all = options.threads + GetParam();
  for (std::size_t i = 0; i < 2 * all; ++i) {
    blocked.push_back(server->connect());
    ASSERT_TRUE(blocked.back().send(get("/gated")));
  }
  // Each takes a thread from its loop, until too few are left to relieve every loop.
  TestServer::wait_until([&] { return !server->pool().has_spares(); });
  for (int i = 0; i < 20; ++i) {
    test::teach_that_it_is_quick(*hello);
    RawClient client = server->connect();
    EXPECT_EQ(status_of(client, "/quick"), 200);
  }
  open.set_value();
  for (RawClient& client : blocked) EXPECT_EQ(client.read_reply().body, "gated\n");
}

TEST_P(Blocking, WhatWaitsForAThreadForTooLongGetsA503WithRetryAfter) {
  options.queue_timeout = 1ms;
  options.queue = 1000;
  start();
  const test::StopAtEnd stop(server);
  std::vector<RawClient> blocked;
  for (std::size_t i = 0; i <= options.threads - GetParam(); ++i) {
    blocked.push_back(server->connect());
    ASSERT_TRUE(blocked.back().send(get("/gated")));
    TestServer::wait_until([&] { return entered == static_cast<int>(i) + 1; });
  }
  TestServer::wait_until([&] { return !server->pool().has_spares(); });
  for (const std::string_view method : {"GET", "HEAD", "GET"}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(std::string(method) + " /gated HTTP/1.1\r\nHost: h\r\n\r\n"));
    const Reply reply = client.read_reply(method == "HEAD");
    EXPECT_EQ(reply.status, 503);
    EXPECT_TRUE(reply.has("Retry-After", "1"));
    EXPECT_TRUE(reply.says_close());
    EXPECT_TRUE(client.closed_in_silence());
  }
  EXPECT_EQ(server->count(Counter::kQueueTimeouts), 3U);
  open.set_value();
  for (RawClient& client : blocked) EXPECT_EQ(client.read_reply().body, "gated\n");
}

// Everybody at once on few threads: whoever behaves gets an answer, in the right order, and at the
// end no connection and no byte is left (TestServer looks).
TEST_P(Blocking, AMixOfClientsIsServedBesideHandlersThatBlock) {
  const std::string large(600'000, 'x');
  routes.add("/large", [&](ResponseWriter& response, Request&) { (void)response.write(large); });
  options.send_buffer = 16 * 1024;
  options.queue = 1000;
  start();
  const test::StopAtEnd stop(server);
  const std::string chunked =
      "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  std::vector<std::thread> threads;
  const auto each = [&](const std::function<void()>& client) {
    threads.emplace_back([client] {
      for (int round = 0; round < 8; ++round) client();
    });
  };
  each([&] {  // uploads in pieces
    RawClient client = server->connect();
    ASSERT_TRUE(client.send_in_pieces(chunked + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", 7));
    EXPECT_EQ(client.read_reply().body, "hello world");
  });
  each([&] {  // reads late
    RawClient client = server->connect({.receive_buffer = 4096});
    ASSERT_TRUE(client.send(get("/large") + get("/quick")));
    RawClient other = server->connect();
    EXPECT_EQ(status_of(other, "/sleeps-10ms"), 200);
    EXPECT_EQ(client.read_reply().body.size(), large.size());
    EXPECT_EQ(client.read_reply().body, "quick\n");
  });
  each([&] {  // half-closes
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(get("/sleeps-10ms") + get("/sleeps-300us")));
    client.half_close();
    EXPECT_EQ(client.read_all().size(), 2U);
  });
  each([&] {  // is gone before the answer
    for (const std::string_view path : {"/sleeps-10ms", "/quick", "/large", "/sleeps-300us"}) {
      RawClient client = server->connect();
      ASSERT_TRUE(client.send(get(path)));
      client.reset();
    }
    RawClient upload = server->connect();
    ASSERT_TRUE(upload.send(chunked + "5\r\nhe"));
    upload.reset();
  });
  each([&] {  // pipelines
    RawClient client = server->connect();
    std::string requests;
    for (int i = 0; i < 20; ++i) {
      requests += get(i % 3 == 0 ? "/sleeps-300us" : i % 3 == 1 ? "/quick" : "/hello");
    }
    ASSERT_TRUE(client.send(requests));
    const std::vector<Reply> replies = client.read_replies(20);
    for (std::size_t i = 0; i < replies.size(); ++i) {
      EXPECT_EQ(replies[i].body, i % 3 == 0   ? "slept\n"
                                 : i % 3 == 1 ? "quick\n"
                                              : "hello, world\n");
    }
  });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace berth
