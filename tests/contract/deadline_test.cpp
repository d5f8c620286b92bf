// The handler's deadline: who answers a request whose handler does not, and what its handler still
// may do. The loop's clock is a fake one; handlers wait for the test.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/fake_clock.h"
#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using observe::Counter;
using serve::IoError;
using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

// Chunked, so that it has a thread of its own.
std::string request_for(std::string_view path, std::string_view method = "POST") {
  return std::string(method).append(" ").append(path).append(
      " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}

struct Deadline : ::testing::Test {
  Deadline() : clock(1h) {
    test::add_usual_routes(routes);
    options.clock = &clock;
  }
  // A route whose handler waits for go() before it calls `then`.
  void add_stuck(Routes::Function then) {
    routes
        .add("/stuck",
             [this, then = std::move(then)](ResponseWriter& response, Request& request) {
               ++entered;
               released.wait();
               then(response, request);
               ++left;
             })
        .timeout = 5s;
  }
  void start() { server.emplace(routes, options); }
  void go() { release.set_value(); }
  void pass(base::Duration time) { server->pass(clock, time); }

  Routes routes;
  test::TestServerOptions options;
  test::FakeClock clock;
  std::promise<void> release;
  std::shared_future<void> released{release.get_future()};
  std::atomic<int> entered{0};
  std::atomic<int> left{0};
  std::optional<TestServer> server;
};

TEST_F(Deadline, TheLoopAnswers503InTheHandlersStead) {
  std::promise<IoError> failed;
  add_stuck([&](ResponseWriter& response, Request& request) {
    EXPECT_TRUE(request.cancelled());
    EXPECT_EQ(response.set_field("Late", "yes").ok(), true) << "nobody sees it";
    const auto written = response.write("too late");
    failed.set_value(written.ok() ? IoError::kState : written.error());
  });
  start();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(request_for("/stuck")));
  TestServer::wait_until([&] { return entered == 1; });
  pass(4s);
  EXPECT_EQ(client.received(), "");
  pass(2s);
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 503);
  EXPECT_TRUE(reply.whole);
  EXPECT_TRUE(reply.says_close());
  EXPECT_EQ(reply.field("Late"), std::nullopt);
  EXPECT_TRUE(client.closed_in_silence()) << "while the handler is still inside";
  EXPECT_EQ(left, 0);
  EXPECT_EQ(server->count(Counter::kHandlerTimeouts), 1U);

  RawClient other = server->connect();
  ASSERT_TRUE(other.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(other.read_reply().status, 200);

  go();
  EXPECT_EQ(failed.get_future().get(), IoError::kTimedOut);
  client.close();
  TestServer::wait_until([&] { return server->count(Counter::kConnectionsClosed) == 1; });
  EXPECT_EQ(server->count(Counter::kResponses5xx), 1U);
}

TEST_F(Deadline, AnAnswerToHeadHasNoBody) {
  add_stuck([](ResponseWriter&, Request&) {});
  start();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(request_for("/stuck", "HEAD")));
  TestServer::wait_until([&] { return entered == 1; });
  pass(6s);
  EXPECT_EQ(client.read_reply(true).status, 503);
  EXPECT_TRUE(client.closed_in_silence());
  go();
}

TEST_F(Deadline, BehindTheHeadTheConnectionIsCut) {
  std::promise<IoError> failed;
  std::promise<void> begun;
  routes
      .add("/begun",
           [&](ResponseWriter& response, Request&) {
             EXPECT_TRUE(response.write("first"));
             EXPECT_TRUE(response.flush());
             begun.set_value();
             released.wait();
             const auto written = response.write("second");
             failed.set_value(written.ok() ? IoError::kState : written.error());
           })
      .timeout = 5s;
  start();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(request_for("/begun")));
  begun.get_future().wait();
  pass(6s);
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.whole);
  EXPECT_EQ(server->count(Counter::kHandlerTimeouts), 1U);
  go();
  EXPECT_EQ(failed.get_future().get(), IoError::kTimedOut);
}

// Nothing but a reset tells that bytes which end by closing were cut (RFC 9112 s8).
TEST_F(Deadline, ACutHttp10ResponseIsReset) {
  std::promise<void> begun;
  routes
      .add("/begun",
           [&](ResponseWriter& response, Request& request) {
             (void)test::read_body(request);
             EXPECT_TRUE(response.write("first"));
             EXPECT_TRUE(response.flush());
             begun.set_value();
             released.wait();
           })
      .timeout = 5s;
  start();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("POST /begun HTTP/1.0\r\nContent-Length: 200000\r\n\r\n" +
                          std::string(200000, 'b')));
  begun.get_future().wait();
  pass(6s);
  (void)client.read_until_close();
  EXPECT_EQ(client.end(), RawClient::End::kReset);
  go();
}

TEST_F(Deadline, NoneIsLeftOfAnAnswerInTime) {
  routes
      .add("/timed",
           [](ResponseWriter& response, Request& request) {
             (void)test::read_body(request);  // what is not read ends the connection
             (void)response.write("ok");
           })
      .timeout = 5s;
  start();
  RawClient client = server->connect();
  for (int round = 0; round < 3; ++round) {
    for (const std::string& request :
         {request_for("/timed"), std::string("GET /timed HTTP/1.1\r\nHost: h\r\n\r\n")}) {
      ASSERT_TRUE(client.send(request));
      EXPECT_EQ(client.read_reply().body, "ok");
      pass(6s);
      (void)client.received();
      ASSERT_EQ(client.end(), RawClient::End::kOpen) << round << request;
    }
  }
  EXPECT_EQ(server->count(Counter::kHandlerTimeouts), 0U);
}

TEST_F(Deadline, HoldsWhileARequestWaitsForAThread) {
  options.client_waits = 1;
  add_stuck([](ResponseWriter&, Request&) {});
  start();
  const test::StopAtEnd stop(server);
  RawClient first = server->connect();
  ASSERT_TRUE(first.send(request_for("/stuck")));
  TestServer::wait_until([&] { return entered == 1; });
  RawClient second = server->connect();
  ASSERT_TRUE(second.send(request_for("/stuck")));
  TestServer::wait_until([&] { return server->pool().queued() == 1; });
  pass(6s);
  EXPECT_EQ(first.read_reply().status, 503);
  EXPECT_EQ(second.read_reply().status, 503);
  go();
  first.close();
  second.close();
  TestServer::wait_until([&] { return server->count(Counter::kConnectionsClosed) == 2; });
  EXPECT_EQ(entered, 1) << "nobody waits for it any more";
}

TEST_F(Deadline, TheAnswerIsTheHandlersOrTheLoopsButNeverBoth) {
  for (int round = 0; round < 100; ++round) {
    std::promise<void> start_both;
    const std::shared_future<void> both(start_both.get_future());
    std::atomic<bool> inside{false};
    Routes racing;
    racing
        .add("/race",
             [&](ResponseWriter& response, Request&) {
               inside = true;
               both.wait();
               (void)response.write("mine");
             })
        .timeout = 5s;
    TestServer one(racing, options);
    RawClient client = one.connect();
    ASSERT_TRUE(client.send(request_for("/race")));
    TestServer::wait_until([&] { return inside.load(); });
    one.settle();
    std::thread releaser([&] { start_both.set_value(); });
    clock.advance(6s);
    one.settle();
    releaser.join();
    const Reply reply = client.read_reply();
    ASSERT_TRUE(reply.whole);
    ASSERT_TRUE((reply.status == 200 && reply.body == "mine") || reply.status == 503);
    if (reply.status == 503) {
      ASSERT_TRUE(client.closed_in_silence());
    } else {
      one.settle();
      ASSERT_EQ(client.received(), "");
    }
  }
}

}  // namespace
}  // namespace berth
