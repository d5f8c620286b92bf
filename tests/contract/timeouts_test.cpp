// Deadlines. Those of the loop follow a fake clock; those of a thread that waits are small and
// real.
#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/fake_clock.h"
#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using serve::IoError;
using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kChunked =
    "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";

struct Timeouts : ::testing::Test {
  Timeouts() { test::add_usual_routes(routes); }
  void start_with_fake_clock(base::Duration clock_starts_at = 1h) {
    clock.emplace(clock_starts_at);
    options.clock = &*clock;
    server.emplace(routes, options);
  }
  void start() { server.emplace(routes, options); }
  void pass(base::Duration time) { server->pass(*clock, time); }
  static bool is_open(RawClient& client) {
    (void)client.received();
    return client.end() == RawClient::End::kOpen;
  }

  Routes routes;
  test::TestServerOptions options;
  std::optional<test::FakeClock> clock;
  std::optional<TestServer> server;
};

TEST_F(Timeouts, AHeadIsDueFromItsFirstByteOnWhateverFollows_F1_G55) {
  start_with_fake_clock();
  RawClient slow = server->connect();
  RawClient other = server->connect();
  ASSERT_TRUE(other.send(kHello));
  EXPECT_EQ(other.read_reply().status, 200);
  const std::string_view head = "GET /hello HTTP/1.1\r\n";
  for (int second = 0; second < 9; ++second) {
    ASSERT_TRUE(slow.send(head.substr(static_cast<std::size_t>(second), 1)));
    pass(1s);
    ASSERT_TRUE(is_open(slow)) << second;
  }
  ASSERT_TRUE(slow.send("/"));
  pass(2s);
  EXPECT_TRUE(slow.closed_in_silence());
  ASSERT_TRUE(other.send(kHello));
  EXPECT_EQ(other.read_reply().status, 200);
}

TEST_F(Timeouts, TheHeadOfTheNextRequestHasItsOwnTime_F1) {
  start_with_fake_clock();
  RawClient client = server->connect();
  for (const std::string_view request : {kHello, kChunked, kHello, kHello}) {
    ASSERT_TRUE(client.send(request.substr(0, 5)));
    pass(8s);
    ASSERT_TRUE(client.send(request.substr(5)));
    EXPECT_EQ(client.read_reply().status, 200);
  }
  pass(11s);
  EXPECT_TRUE(is_open(client)) << "an idle connection was closed at the deadline of a head";
}

TEST_F(Timeouts, AConnectionThatSendsNothingIsClosedAtTheIdleTimeout_G24) {
  start_with_fake_clock();
  RawClient client = server->connect();
  pass(59s);
  EXPECT_TRUE(is_open(client));
  pass(2s);
  EXPECT_TRUE(client.closed_in_silence());
}

TEST_F(Timeouts, TheIdleTimeoutBeginsWithTheLastResponse_G24) {
  start_with_fake_clock();
  for (const std::string_view request : {kHello, kChunked}) {
    RawClient client = server->connect();
    for (int i = 0; i < 3; ++i) {
      pass(50s);
      ASSERT_TRUE(client.send(request));
      EXPECT_EQ(client.read_reply().status, 200);
    }
    pass(55s);
    EXPECT_TRUE(is_open(client));
    // A thread of its own may be late to give it back: then it is idle from that time on.
    TestServer::wait_until([&] {
      pass(61s);
      return !is_open(client);
    });
  }
}

TEST_F(Timeouts, ABodyThatIsReadAheadIsDueAtTheMinimumRate_F2) {
  options.serve.body_rate = 100;
  start_with_fake_clock();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n"));
  for (int i = 0; i < 29; ++i) {  // 20 s of grace, 10 s for 1,000 bytes
    pass(1s);
    ASSERT_TRUE(is_open(client)) << i;
    ASSERT_TRUE(client.send("x"));
  }
  pass(2s);
  EXPECT_TRUE(client.closed_in_silence());
}

TEST_F(Timeouts, AClientThatTakesNothingOfWhatIsLeftIsCut_F3) {
  const std::string large(200'000, 'x');
  routes.add("/large", [&](ResponseWriter& response, Request&) { (void)response.write(large); });
  options.send_buffer = 8 * 1024;
  start_with_fake_clock();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect({.receive_buffer = 4096});
  ASSERT_TRUE(client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n"));
  pass(29s);
  pass(2s);
  const std::vector<Reply> replies = client.read_all();
  ASSERT_EQ(replies.size(), 1U);
  EXPECT_FALSE(replies[0].whole);
}

TEST_F(Timeouts, AClientThatTakesItSlowlyGetsItAll_F3) {
  const std::string large(200'000, 'x');
  routes.add("/large", [&](ResponseWriter& response, Request&) { (void)response.write(large); });
  options.send_buffer = 8 * 1024;
  start_with_fake_clock();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect({.receive_buffer = 4096});
  ASSERT_TRUE(client.send("GET /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  for (int i = 0; i < 5; ++i) {
    pass(20s);
    client.skip(30'000);
  }
  EXPECT_GT(client.read_until_close().size(), large.size() - 5 * 30'000);
}

TEST_F(Timeouts, AReplyThatLingersIsClosedEvenIfTheClientIsNot_G27) {
  start_with_fake_clock();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("garbage\r\n\r\n"));
  EXPECT_EQ(client.read_reply().status, 400);
  EXPECT_TRUE(client.closed_in_silence());
  EXPECT_EQ(server->loops().connections(), 1U) << "it still drops what comes";
  pass(1s);
  EXPECT_EQ(server->loops().connections(), 0U);
}

TEST_F(Timeouts, TheLingerIsThatOfTheOptions_G27) {
  options.serve.linger = 5s;
  start_with_fake_clock();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("garbage\r\n\r\n"));
  EXPECT_EQ(client.read_reply().status, 400);
  EXPECT_TRUE(client.closed_in_silence());
  pass(4s);
  EXPECT_EQ(server->loops().connections(), 1U);
  pass(2s);
  EXPECT_EQ(server->loops().connections(), 0U);
}

// A stopped process (SIGSTOP, a suspended machine) finds its deadlines over when it goes on; who
// has sent in time must not pay for that.
TEST_F(Timeouts, WhatCameWhileTheProcessWasStoppedIsServed_F45) {
  start_with_fake_clock();
  constexpr std::size_t kClients = 600;  // more than one batch of events
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i < kClients; ++i) {
    clients.push_back(server->connect());
    ASSERT_TRUE(clients.back().send(kHello));
    EXPECT_EQ(clients.back().read_reply().status, 200);
    if (i % 2 == 1) {  // the others are idle, these have begun
      ASSERT_TRUE(clients.back().send(kHello.substr(0, 10)));
    }
  }
  server->settle();
  server->on_loop(0, [&](sched::Worker&) {  // it stands still meanwhile
    for (std::size_t i = 0; i < kClients; ++i) {
      if (i > 1) (void)clients[i].send(kHello.substr(i % 2 == 1 ? 10 : 0));
    }
    clock->advance(10min);
  });
  for (std::size_t i = 2; i < kClients; ++i) {
    ASSERT_EQ(clients[i].read_reply().status, 200) << i;
  }
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(clients[i].closed_in_silence()) << "it had sent nothing";
  }
}

TEST_F(Timeouts, AJumpOfTheWallClockMovesNoDeadline_F43) {
  start_with_fake_clock();
  for (const base::Duration jump : {base::Duration(24h), base::Duration(-48h)}) {
    RawClient idle = server->connect();
    ASSERT_TRUE(idle.send(kHello));
    const std::string before(idle.read_reply().field("Date").value_or(""));
    RawClient half = server->connect();
    ASSERT_TRUE(half.send(kHello.substr(0, 10)));
    server->settle();
    clock->set_wall_off(jump);
    pass(2s);  // so that the date is made anew
    EXPECT_TRUE(is_open(idle));
    EXPECT_TRUE(is_open(half));
    ASSERT_TRUE(idle.send(kHello));
    EXPECT_NE(idle.read_reply().field("Date"), before);
    ASSERT_TRUE(half.send(kHello.substr(10)));
    EXPECT_EQ(half.read_reply().status, 200);
    pass(61s);  // the limit for idleness is 60
    EXPECT_TRUE(idle.closed_in_silence());
    EXPECT_TRUE(half.closed_in_silence());
  }
}

TEST_F(Timeouts, ABodyThatNobodyWantsIsNotWaitedForForEver_F10) {
  start_with_fake_clock();
  RawClient client = server->connect();
  ASSERT_TRUE(
      client.send("POST /nowhere HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nabc"));
  EXPECT_EQ(client.read_reply().status, 404);
  pass(19s);
  EXPECT_TRUE(is_open(client));
  pass(2s);
  EXPECT_TRUE(client.closed_in_silence());
}

TEST_F(Timeouts, ANewConnectionsGraceAtADrainHoldsSoonAfterTheSystemsStart) {
  start_with_fake_clock(1s);
  RawClient client = server->connect();
  server->settle();
  server->drain();
  pass(500ms);
  EXPECT_TRUE(is_open(client));
  clock->advance(600ms);
  server->nudge();
  EXPECT_TRUE(client.closed_in_silence());
  EXPECT_TRUE(server->wait_drained());
}

TEST_F(Timeouts, AnUploadBelowTheMinimumRateFailsTheRead_F2) {
  options.serve.body_grace = 50ms;
  start();
  RawClient client = server->connect();
  for (const std::string_view request :
       {"POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 50000\r\n\r\nab"}) {
    RawClient slow = server->connect();
    ASSERT_TRUE(slow.send(request));
    const Reply reply = slow.read_reply();
    EXPECT_EQ(reply.status, 400);
    EXPECT_NE(reply.body.find("timed out"), std::string::npos);
    EXPECT_TRUE(reply.says_close());
    EXPECT_TRUE(slow.closed_in_silence());
  }
}

TEST_F(Timeouts, TheHandlersDeadlineEndsItsReadOfABody) {
  std::promise<IoError> failed;
  routes
      .add("/hurry",
           [&](ResponseWriter&, Request& request) {
             const test::ReadBody body = test::read_body(request);
             EXPECT_TRUE(request.cancelled());
             failed.set_value(body.error.value_or(IoError::kState));
           })
      .timeout = 50ms;
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(
      client.send("POST /hurry HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"));
  EXPECT_EQ(failed.get_future().get(), IoError::kTimedOut);
}

// The timer of a held connection looks after its handler's deadline; then nobody sets it anew.
TEST_F(Timeouts, AConnectionThatWasHeldForLongIsIdleFromItsReturnOn) {
  std::promise<void> open;
  const std::shared_future<void> opened = open.get_future().share();
  std::promise<void> entered;
  serve::Route& route = routes.add("/long", [&](ResponseWriter& response, Request&) {
    entered.set_value();
    opened.wait();
    (void)response.write("long\n");
  });
  route.timeout = 60s;
  test::teach_that_it_blocks(route);
  options.serve.idle_timeout = 10s;
  start_with_fake_clock();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kHello));
  EXPECT_EQ(client.read_reply().status, 200);
  server->settle();  // what epoll says of a new connection would set the timer
  ASSERT_TRUE(client.send("GET /long HTTP/1.1\r\nHost: h\r\n\r\n"));
  entered.get_future().wait();
  pass(15s);
  open.set_value();
  EXPECT_EQ(client.read_reply().body, "long\n");
  TestServer::wait_until([&] { return server->pool().running() == 0; });
  pass(9s);
  EXPECT_TRUE(is_open(client));
  pass(12s);
  EXPECT_TRUE(client.closed_in_silence());
}

}  // namespace
}  // namespace berth
