// A thread that served a blocking route stays with a client that asks again at once. The server's
// clock is a fake one, an hour ahead of the real one that poll(2) goes by: so such a thread waits
// for the test for ever, and a handler is as slow as it says.
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/limits.h"
#include "support/fake_clock.h"
#include "support/routes.h"
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

std::string request_for(std::string_view path, std::string_view method = "GET",
                        std::string_view fields = "") {
  return std::string(method)
      .append(" ")
      .append(path)
      .append(" HTTP/1.1\r\nHost: h\r\n")
      .append(std::string(fields).append("\r\n"));
}

struct Stay : ::testing::Test {
  Stay() : clock(base::system_clock().now().time_since_epoch() + 1h) {
    test::add_usual_routes(routes);
    options.clock = &clock;
    slow = &add_blocking("/slow", [this](ResponseWriter& response, Request& request) {
      clock.advance(call);
      if (gated) {
        ++entered;
        TestServer::wait_until([&] { return !gated || (heeds_cancel && request.cancelled()); });
        if (request.cancelled()) ++cancelled;
      }
      const std::string body = test::read_body(request).bytes;
      if (large) {
        (void)response.write(large_answer);
        (void)response.flush();
      } else {
        (void)response.write(body.empty() ? "slow\n" : body);
      }
    });
    slow->timeout = 5s;
  }
  // A route that is known to block.
  serve::Route& add_blocking(std::string path, Routes::Function function) {
    serve::Route& route = routes.add(std::move(path), std::move(function));
    test::teach_that_it_blocks(route);
    return route;
  }
  void start() { server.emplace(routes, options); }
  // A client that a thread waits for.
  RawClient stayed_with(const test::RawClientOptions& of_client = {}) {
    RawClient client = server->connect(of_client);
    // The first that it asks is nothing yet, the second comes at once, the third is waited for.
    const std::uint64_t before = stays();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(client, request_for("/slow")), "slow\n");
    EXPECT_EQ(stays(), before + 1);
    return client;
  }
  static std::string ask(RawClient& client, const std::string& request) {
    if (!client.send(request)) return "(not sent)";
    return client.read_reply().body;
  }
  [[nodiscard]] std::uint64_t stays() const { return server->count(Counter::kStays); }
  void pass(base::Duration time) { server->pass(clock, time); }

  Routes routes;
  test::TestServerOptions options;
  test::FakeClock clock;
  serve::Route* slow = nullptr;
  base::Duration call = 2ms;
  std::atomic<bool> gated{false};
  bool heeds_cancel = false;
  const std::string large_answer = std::string(1'000'000, 'x');  // more than is kept for a client
  std::atomic<bool> large{false};
  std::atomic<int> entered{0};
  std::atomic<int> cancelled{0};
  std::optional<TestServer> server;
};

TEST_F(Stay, AThreadServesRequestAfterRequestOfAClientThatAsksAtOnce) {
  start();
  RawClient client = stayed_with();
  const std::uint64_t before = stays();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(client, request_for("/slow")), "slow\n");
  EXPECT_EQ(stays(), before + 10);
  // Each had a thread of its own; what a loop hands over it counts a moment later.
  TestServer::wait_until([&] { return server->count(Counter::kOffloads) == 13; });
}

TEST_F(Stay, AShortCallIsNotWorthIt) {
  call = 900us;
  start();
  RawClient client = server->connect();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(client, request_for("/slow")), "slow\n");
  EXPECT_EQ(stays(), 0U);
}

TEST_F(Stay, AClientThatTakesItsTimeIsNotWaitedFor) {
  start();
  RawClient client = server->connect();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(ask(client, request_for("/slow")), "slow\n");
    TestServer::wait_until([&] { return server->pool().running() == 0; });
    pass(2ms);
  }
  EXPECT_EQ(stays(), 0U);
}

TEST_F(Stay, AThreadThatOthersWaitForDoesNotStay) {
  options.threads = 1;  // and one for the loop, which may not be the last
  start();
  RawClient client = server->connect();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(client, request_for("/slow")), "slow\n");
  EXPECT_EQ(stays(), 0U);
}

// The right to wait for clients is bounded, and a thread has it until its task ends.
TEST_F(Stay, AThreadThatWaitedForItsClientDoesNotStay) {
  options.send_buffer = 8 * 1024;
  start();
  RawClient client = stayed_with({.receive_buffer = 4096});
  const std::uint64_t before = stays();
  large = true;
  EXPECT_EQ(ask(client, request_for("/slow")), large_answer);
  EXPECT_EQ(stays(), before + 1);
  large = false;
  EXPECT_EQ(ask(client, request_for("/slow")), "slow\n");
  EXPECT_EQ(stays(), before + 1);
}

TEST_F(Stay, NobodyStaysWhereWhatComesCouldNotBeKept) {
  options.serve.buffered_bytes = 1'000;
  start();
  RawClient client = server->connect();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(client, request_for("/slow")), "slow\n");
  EXPECT_EQ(stays(), 0U);
}

TEST_F(Stay, ALongRequestIsServedByTheLoop) {
  start();
  RawClient client = stayed_with();
  const std::uint64_t before = stays();
  const std::string field = "X: " + std::string(base::limits::kStayInput, 'x') + "\r\n";
  EXPECT_EQ(ask(client, request_for("/slow", "GET", field)), "slow\n");
  EXPECT_EQ(stays(), before);
}

TEST_F(Stay, WhatIsNotTheSameGoesBackToTheLoop) {
  routes.add("/quick", [](ResponseWriter& response, Request&) { (void)response.write("quick\n"); });
  slow->max_body = 10;
  start();
  const std::string chunked =
      request_for("/slow", "POST", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n";
  const std::string pipelined = request_for("/quick") + request_for("/slow");
  const struct {
    std::string request;
    std::string body;
  } cases[] = {
      {request_for("/quick"), "quick\n"},
      {chunked, "abc"},
      {pipelined, "quick\n"},
  };
  for (const auto& [request, body] : cases) {
    RawClient client = stayed_with();
    const std::uint64_t before = stays();
    EXPECT_EQ(ask(client, request), body) << request;
    if (request == pipelined) {
      EXPECT_EQ(client.read_reply().body, "slow\n");
    }
    EXPECT_EQ(stays(), before) << request;
    EXPECT_EQ(ask(client, request_for("/slow")), "slow\n") << "behind " << request;
  }
}

TEST_F(Stay, AHeadRequestIsAnsweredWithoutABody) {
  start();
  RawClient client = stayed_with();
  ASSERT_TRUE(client.send(request_for("/slow", "HEAD")));
  const Reply reply = client.read_reply(true);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(ask(client, request_for("/slow")), "slow\n");
}

TEST_F(Stay, ARequestThatComesInPiecesIsServed) {
  start();
  RawClient client = stayed_with();
  const std::string request = request_for("/slow");
  for (const char byte : request) {
    ASSERT_TRUE(client.send(std::string(1, byte)));
    server->settle();
  }
  EXPECT_EQ(client.read_reply().body, "slow\n");
}

TEST_F(Stay, ABodyIsReadWithItsRequestAndOneThatIsTooLargeRefused) {
  slow->max_body = 10;
  start();
  RawClient client = stayed_with();
  const std::uint64_t before = stays();
  EXPECT_EQ(ask(client, request_for("/slow", "POST", "Content-Length: 3\r\n") + "abc"), "abc");
  EXPECT_EQ(stays(), before + 1);
  ASSERT_TRUE(client.send(request_for("/slow", "POST", "Content-Length: 11\r\n") + "abcdefghijk"));
  EXPECT_EQ(client.read_reply().status, 413);
}

TEST_F(Stay, AMalformedRequestIsRefused) {
  start();
  RawClient client = stayed_with();
  ASSERT_TRUE(client.send("GET /slow HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n"));
  EXPECT_EQ(client.read_reply().status, 400);
  EXPECT_TRUE(client.closed_in_silence());
}

TEST_F(Stay, AClientThatAsksToCloseIsClosed) {
  start();
  RawClient client = stayed_with();
  EXPECT_EQ(ask(client, request_for("/slow", "GET", "Connection: close\r\n")), "slow\n");
  EXPECT_TRUE(client.closed_in_silence());
}

TEST_F(Stay, AClientThatIsGoneIsLetGo) {
  start();
  {
    const RawClient client = stayed_with();
    EXPECT_EQ(server->loops().connections(), 1U);
  }
  TestServer::wait_until([&] { return server->loops().connections() == 0; });
}

TEST_F(Stay, ARequestIsCancelledWhenItsClientIsGone) {
  heeds_cancel = true;
  start();
  {
    RawClient client = stayed_with();
    gated = true;
    ASSERT_TRUE(client.send(request_for("/slow")));
    TestServer::wait_until([&] { return entered == 1; });
  }
  TestServer::wait_until([&] { return cancelled == 1; });
}

// Where the thread waits for its client the driver knows nothing of the next request.
TEST_F(Stay, EachRequestHasADeadlineOfItsOwn) {
  start();
  const test::StopAtEnd stop(server);
  RawClient client = stayed_with();
  const std::uint64_t before = stays();
  pass(4s);  // the last one's deadline is a second away
  gated = true;
  ASSERT_TRUE(client.send(request_for("/slow")));
  TestServer::wait_until([&] { return entered == 1; });
  EXPECT_EQ(stays(), before + 1);
  pass(2s);
  EXPECT_EQ(server->count(Counter::kHandlerTimeouts), 0U) << "that was another one's";
  pass(4s);
  EXPECT_EQ(client.read_reply().status, 503);
  EXPECT_EQ(server->count(Counter::kHandlerTimeouts), 1U);
  gated = false;
  TestServer::wait_until([&] { return cancelled == 1; });
}

TEST_F(Stay, ADeadlineThatPassedWhileItWaitedDoesNotPutOffTheNext) {
  start();
  const test::StopAtEnd stop(server);
  RawClient client = stayed_with();
  pass(6s);  // the timer has fired, and met no exchange
  gated = true;
  ASSERT_TRUE(client.send(request_for("/slow")));
  TestServer::wait_until([&] { return entered == 1; });
  pass(6s);
  EXPECT_EQ(client.read_reply().status, 503);
  EXPECT_EQ(server->count(Counter::kHandlerTimeouts), 1U);
  gated = false;
}

TEST_F(Stay, ADrainIsHeardWithTheNextRequest) {
  start();
  {
    RawClient client = stayed_with();
    server->drain();
    ASSERT_TRUE(client.send(request_for("/slow")));
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.body, "slow\n");
    EXPECT_TRUE(reply.has("Connection", "close"));
    EXPECT_TRUE(client.closed_in_silence());
  }
  EXPECT_TRUE(server->wait_drained());
}

}  // namespace
}  // namespace berth
