// When a request counts as cancelled, and that what a handler has set for one ends with it.
#include <gtest/gtest.h>

#include <array>
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

using namespace std::chrono_literals;
using serve::IoError;
using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

struct Cancellation : ::testing::TestWithParam<std::size_t> {
  void start() {
    test::add_usual_routes(routes);
    options.loops = GetParam();
    server.emplace(routes, options);
  }

  Routes routes;
  test::TestServerOptions options;
  std::optional<TestServer> server;
};

INSTANTIATE_TEST_SUITE_P(Loops, Cancellation, ::testing::Values(1U, 2U));

TEST_P(Cancellation, AFinCancelsTheRequestAndWhatIsWrittenIsStillSent_G21) {
  std::promise<void> entered;
  routes.add("/wait", [&](ResponseWriter& response, Request& request) {
    (void)test::read_body(request);
    EXPECT_FALSE(request.cancelled());
    entered.set_value();
    TestServer::wait_until([&] { return request.cancelled(); });
    EXPECT_TRUE(response.write("goodbye\n"));
    EXPECT_TRUE(response.flush());
  });
  start();
  const test::StopAtEnd stop(server);
  for (const std::string_view request :  // on the loop, and on a thread of its own
       {"GET /wait HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /wait HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    entered = {};
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(request));
    entered.get_future().wait();
    client.half_close();
    const std::vector<Reply> replies = client.read_all();
    ASSERT_EQ(replies.size(), 1U) << request;
    EXPECT_TRUE(replies[0].whole);
    EXPECT_EQ(replies[0].body, "goodbye\n");
  }
}

TEST_P(Cancellation, WhereARouteIgnoresHalfClosesOnlyAResetCancels_G21_F19) {
  std::atomic<int> entered{0};
  std::atomic<int> opened{0};
  std::atomic<int> cancelled{0};
  routes
      .add("/patient",
           [&](ResponseWriter& response, Request& request) {
             (void)test::read_body(request);
             const int mine = ++entered;
             TestServer::wait_until([&] { return opened >= mine; });
             EXPECT_FALSE(request.cancelled());
             (void)response.write("still here\n");
           })
      .ignores_half_close = true;
  routes
      .add("/reset",
           [&](ResponseWriter&, Request& request) {
             (void)test::read_body(request);
             ++entered;
             TestServer::wait_until([&] { return request.cancelled(); });
             ++cancelled;
           })
      .ignores_half_close = true;
  start();
  const test::StopAtEnd stop(server);
  int requests = 0;
  for (const std::string_view rest :  // on the loop, and on a thread of its own
       {" HTTP/1.1\r\nHost: h\r\n\r\n",
        " HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send("POST /patient" + std::string(rest)));
    ++requests;
    TestServer::wait_until([&] { return entered == requests; });
    client.half_close();
    server->settle();
    opened = requests;
    const std::vector<Reply> replies = client.read_all();
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].body, "still here\n");

    RawClient gone = server->connect();
    ASSERT_TRUE(gone.send("POST /reset" + std::string(rest)));
    ++requests;
    TestServer::wait_until([&] { return entered == requests; });
    gone.reset();
    TestServer::wait_until([&] { return cancelled == requests / 2; });
  }
}

TEST_P(Cancellation, APipelinedRequestDoesNotCancelTheOneBeforeIt_G21) {
  std::promise<void> entered;
  std::promise<void> open;
  const std::shared_future<void> opened = open.get_future().share();
  routes.add("/wait", [&](ResponseWriter& response, Request& request) {
    (void)test::read_body(request);
    entered.set_value();
    opened.wait();
    EXPECT_FALSE(request.cancelled());
    (void)response.write("waited\n");
  });
  start();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect();
  ASSERT_TRUE(
      client.send("POST /wait HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
  entered.get_future().wait();
  ASSERT_TRUE(client.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"));
  server->settle();
  open.set_value();
  EXPECT_EQ(client.read_reply().body, "waited\n");
  EXPECT_EQ(client.read_reply().body, "hello, world\n");
}

TEST_P(Cancellation, AFailedWriteCancelsTheRequestAndEndsItsConnection_G22_F3) {
  std::promise<IoError> failed;
  routes.add("/endless", [&](ResponseWriter& response, Request& request) {
    const std::string piece(64 * 1024, 'x');
    for (;;) {
      const auto written = response.write(piece);
      if (written) continue;
      EXPECT_TRUE(request.cancelled());
      return failed.set_value(written.error());
    }
  });
  // Nobody has closed anything: the client only takes too little for too long.
  options.serve.write_stall = 50ms;
  options.send_buffer = 16 * 1024;
  start();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect({.receive_buffer = 4096});
  ASSERT_TRUE(client.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(failed.get_future().get(), IoError::kTimedOut);
  EXPECT_FALSE(client.read_reply().whole);
  EXPECT_NE(client.end(), RawClient::End::kOpen);
}

TEST_P(Cancellation, DeadlinesThatAHandlerSetsEndWithItsRequest_G25_G78) {
  std::promise<void> reading;
  const std::string large(1'000'000, 'x');
  routes.add("/past", [&](ResponseWriter& response, Request& request) {
    const base::TimePoint past = base::system_clock().now() - 1s;
    response.set_read_deadline(past);
    response.set_write_deadline(past);
    std::array<char, 8> buffer;
    EXPECT_EQ(request.read(buffer).error(), IoError::kTimedOut);
    EXPECT_EQ(response.write(large).error(), IoError::kTimedOut);
  });
  routes.add("/slow", [&](ResponseWriter& response, Request& request) {
    reading.set_value();
    EXPECT_EQ(test::read_body(request).bytes, "abc");
    EXPECT_TRUE(response.write(large));
  });
  options.threads = 2;  // one of them for requests like these, which so share what it keeps
  options.send_buffer = 16 * 1024;
  start();
  const test::StopAtEnd stop(server);
  RawClient first = server->connect({.receive_buffer = 4096});
  ASSERT_TRUE(first.send("POST /past HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
  (void)first.read_until_close();
  RawClient second = server->connect({.receive_buffer = 4096});
  ASSERT_TRUE(second.send("POST /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"));
  reading.get_future().wait();
  server->settle();
  ASSERT_TRUE(second.send("3\r\nabc\r\n0\r\n\r\n"));
  const Reply reply = second.read_reply();
  EXPECT_TRUE(reply.whole);
  EXPECT_EQ(reply.body.size(), large.size());
}

}  // namespace
}  // namespace berth
