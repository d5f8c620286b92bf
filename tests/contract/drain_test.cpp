// The stop order: idle connections are closed, requests in flight are finished, the rest is cut
// when asked to.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "net/plain_stream.h"
#include "sched/loop.h"
#include "sched/worker.h"
#include "serve/h1_connection.h"
#include "support/fake_clock.h"
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
constexpr std::string_view kChunked =
    "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";

struct Drain : ::testing::TestWithParam<std::size_t> {
  Drain() {
    test::add_usual_routes(routes);
    routes.add("/gated", [this](ResponseWriter& response, Request& request) {
      (void)test::read_body(request);
      ++entered;
      opened.wait();
      (void)response.write("gated\n");
    });
    options.loops = GetParam();
  }
  void start() { server.emplace(routes, options); }
  void serve_one(RawClient& client) {
    ASSERT_TRUE(client.send(kHello));
    EXPECT_EQ(client.read_reply().status, 200);
  }

  Routes routes;
  test::TestServerOptions options;
  std::promise<void> open;
  std::shared_future<void> opened = open.get_future().share();
  std::atomic<int> entered{0};
  std::optional<TestServer> server;
};

INSTANTIATE_TEST_SUITE_P(Loops, Drain, ::testing::Values(1U, 2U, 4U));

TEST_P(Drain, ClosesIdleConnections_G84) {
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(server->connect());
    serve_one(clients.back());
  }
  server->drain();
  for (RawClient& client : clients) {
    EXPECT_TRUE(client.closed_in_silence());
    EXPECT_EQ(client.end(), RawClient::End::kFin);
  }
  EXPECT_TRUE(server->wait_drained());
}

// Its bytes came while the loop was at the drain: closing would reset them.
TEST(DrainOfIdle, ARequestThatIsHereAlreadyIsAnswered_G84) {
  Routes routes;
  test::add_usual_routes(routes);
  TestServer server(routes);
  RawClient client = server.connect();
  ASSERT_TRUE(client.send(kHello));
  EXPECT_EQ(client.read_reply().status, 200);
  server.settle();
  server.on_loop(0, [&](sched::Worker& worker) {
    server.service().begin_drain();
    ASSERT_TRUE(client.send(kHello));
    worker.loop()->drain(worker, false);
  });
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.says_close());
  EXPECT_TRUE(client.closed_in_silence());
}

// With one loop, which has the connection and so does not end.
TEST(DrainOfIdle, WithAGraceTheNextRequestIsAnswered) {
  Routes routes;
  test::add_usual_routes(routes);
  TestServer server(routes);
  RawClient client = server.connect();
  ASSERT_TRUE(client.send(kHello));
  EXPECT_EQ(client.read_reply().status, 200);
  server.drain(std::chrono::hours(1));
  server.settle();
  ASSERT_TRUE(client.send(kHello));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.says_close());
  EXPECT_TRUE(client.closed_in_silence());
  EXPECT_TRUE(server.wait_drained());
}

TEST(DrainOfIdle, WithAGraceTheyAreClosedAfterIt) {
  Routes routes;
  test::add_usual_routes(routes);
  test::FakeClock clock;
  test::TestServerOptions options;
  options.clock = &clock;
  TestServer server(routes, options);
  RawClient client = server.connect();
  ASSERT_TRUE(client.send(kHello));
  EXPECT_EQ(client.read_reply().status, 200);
  server.drain(std::chrono::seconds(1));
  server.settle();
  EXPECT_EQ(client.received(), "");
  EXPECT_EQ(client.end(), RawClient::End::kOpen);
  clock.advance(std::chrono::seconds(2));
  server.nudge();
  EXPECT_TRUE(client.closed_in_silence());
  EXPECT_TRUE(server.wait_drained());
}

TEST(DrainOfIdle, ManyAreClosedOneAfterTheOther) {
  constexpr std::size_t kMany = 150;
  Routes routes;
  test::add_usual_routes(routes);
  test::FakeClock clock;
  test::TestServerOptions options;
  options.clock = &clock;
  TestServer server(routes, options);
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i < kMany; ++i) {
    clients.push_back(server.connect());
    ASSERT_TRUE(clients.back().send(kHello));
    EXPECT_EQ(clients.back().read_reply().status, 200);
  }
  server.drain({}, std::chrono::minutes(1));
  server.settle();
  EXPECT_EQ(server.loops().connections(), kMany - 1) << "the first at once";
  clock.advance(std::chrono::seconds(1));
  server.nudge();
  for (RawClient& client : clients) EXPECT_TRUE(client.closed_in_silence());
  EXPECT_TRUE(server.wait_drained());
}

// What may last as long as its client likes is told; what ends by itself is not disturbed.
TEST(DrainOfStreams, AnEventStreamIsCancelledAndADownloadIsNot) {
  struct Case {
    std::string_view type;
    bool ends;
  };
  for (const Case& each :
       {Case{"text/event-stream", true}, Case{"Text/Event-Stream; charset=utf-8", true},
        Case{"text/event-streams", false}, Case{"text/plain", false}}) {
    SCOPED_TRACE(each.type);
    Routes routes;
    std::promise<void> begun;
    std::promise<void> drained;
    routes.add("/stream", [&](ResponseWriter& response, Request& request) {
      ASSERT_TRUE(response.set_field("Content-Type", each.type));
      ASSERT_TRUE(response.write("data: 1\n\n"));
      ASSERT_TRUE(response.flush());
      EXPECT_FALSE(request.cancelled());
      begun.set_value();
      drained.get_future().wait();
      if (each.ends) TestServer::wait_until([&request] { return request.cancelled(); });
      EXPECT_EQ(request.cancelled(), each.ends);
      EXPECT_TRUE(response.write("data: bye\n\n")) << "it may say goodbye";
    });
    TestServer server(routes);
    RawClient client = server.connect();
    ASSERT_TRUE(client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"));
    begun.get_future().wait();
    server.drain();
    server.settle();
    drained.set_value();
    EXPECT_EQ(client.read_reply().body, "data: 1\n\ndata: bye\n\n");
    EXPECT_TRUE(client.closed_in_silence());
    EXPECT_TRUE(server.wait_drained());
  }
}

TEST(DrainOfStreams, AnEventStreamThatBeginsDuringADrainIsCancelledAtOnce) {
  Routes routes;
  std::promise<void> entered;
  std::promise<void> drained;
  routes.add("/stream", [&](ResponseWriter& response, Request& request) {
    entered.set_value();
    drained.get_future().wait();
    EXPECT_FALSE(request.cancelled());
    ASSERT_TRUE(response.set_field("Content-Type", "text/event-stream"));
    ASSERT_TRUE(response.flush());
    EXPECT_TRUE(request.cancelled());
  });
  TestServer server(routes);
  RawClient client = server.connect();
  ASSERT_TRUE(client.send("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"));
  entered.get_future().wait();
  server.drain();
  server.settle();
  drained.set_value();
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_TRUE(client.closed_in_silence());
  EXPECT_TRUE(server.wait_drained());
}

TEST_P(Drain, FinishesWhatIsInFlightWithConnectionClose_G84_G83) {
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(server->connect());
    ASSERT_TRUE(clients.back().send(kGated));
  }
  TestServer::wait_until([&] { return entered > 0; });
  server->drain();
  open.set_value();
  for (RawClient& client : clients) {
    const Reply reply = client.read_reply();
    EXPECT_EQ(reply.body, "gated\n");
    EXPECT_TRUE(reply.says_close());
    EXPECT_TRUE(client.closed_in_silence());
  }
  EXPECT_TRUE(server->wait_drained());
}

TEST_P(Drain, AnswersARequestThatHadBegunToArrive_G84) {
  start();
  RawClient client = server->connect();
  serve_one(client);
  ASSERT_TRUE(client.send(kHello.substr(0, 10)));
  server->settle();
  server->drain();
  ASSERT_TRUE(client.send(kHello.substr(10)));
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.says_close());
  EXPECT_TRUE(client.closed_in_silence());
  EXPECT_TRUE(server->wait_drained());
}

TEST_P(Drain, AnswersTheFirstRequestOfANewConnection_G84) {
  start();
  RawClient client = server->connect();
  server->settle();
  server->drain();
  ASSERT_TRUE(client.send(kHello));
  EXPECT_TRUE(client.read_reply().says_close());
  EXPECT_TRUE(server->wait_drained());
}

TEST_P(Drain, SendsWhatIsLeftOfAResponse_G84) {
  const std::string large(200'000, 'x');
  routes.add("/large", [&](ResponseWriter& response, Request&) { (void)response.write(large); });
  options.send_buffer = 8 * 1024;
  start();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect({.receive_buffer = 4096});
  ASSERT_TRUE(client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n"));
  server->settle();
  server->drain();
  EXPECT_EQ(client.read_reply().body.size(), large.size());
  EXPECT_TRUE(client.closed_in_silence());
  EXPECT_TRUE(server->wait_drained());
}

TEST_P(Drain, UnderLoadCutsNoResponse_G84) {
  for (int round = 0; round < 3; ++round) {
    server.emplace(routes, options);
    std::vector<std::thread> threads;
    std::atomic<int> served{0};
    std::atomic<int> connected{0};  // and accepted: the others would wait in the listener's queue
    for (int i = 0; i < 6; ++i) {
      threads.emplace_back([&, i] {
        RawClient client = server->connect();
        for (bool first = true;; first = false) {
          if (!client.send(i % 2 == 0 ? kHello : kChunked)) return;
          const Reply reply = client.read_reply();
          if (reply.status == 0) return;  // closed between two requests, as an idle one may be
          EXPECT_TRUE(reply.whole);
          ++served;
          if (first) ++connected;
          if (!reply.says_close()) continue;
          EXPECT_TRUE(client.closed_in_silence());
          return;
        }
      });
    }
    TestServer::wait_until([&] { return served > 200 && connected == 6; });
    server->drain();
    EXPECT_TRUE(server->wait_drained()) << "a connection was forgotten";
    for (std::thread& thread : threads) thread.join();
    server.reset();
  }
}

TEST_P(Drain, WhenHardCutsWhatIsLeft_G86) {
  std::promise<serve::IoError> failed;
  routes.add("/read", [&](ResponseWriter&, Request& request) {
    failed.set_value(test::read_body(request).error.value_or(serve::IoError::kState));
  });
  start();
  const test::StopAtEnd stop(server);
  RawClient reading = server->connect();
  ASSERT_TRUE(
      reading.send("POST /read HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"));
  RawClient half = server->connect();
  ASSERT_TRUE(half.send("GET /hel"));
  RawClient idle = server->connect();
  serve_one(idle);
  TestServer::wait_until([&] { return server->pool().threads() > server->loops().size(); });
  server->settle();
  server->drain();
  server->drain_hard();
  EXPECT_TRUE(server->wait_drained());
  EXPECT_EQ(failed.get_future().get(), serve::IoError::kClosed);
  EXPECT_TRUE(half.closed_in_silence());
  EXPECT_TRUE(idle.closed_in_silence());
  (void)reading.read_until_close();
}

// It waited at the listener when the server began to stop: nobody has looked at it yet.
TEST(DrainOfTheBacklog, ASilentClientIsClosedAfterItsGrace_G84) {
  Routes routes;
  test::FakeClock clock;
  test::TestServerOptions options;
  options.clock = &clock;
  TestServer server(routes, options);
  const serve::ListenerInfo info{.name = "waiting"};
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
  const base::Descriptor client(ends[1]);
  const auto closed = [&client] {
    char byte = 0;
    return ::recv(client.get(), &byte, 1, 0) == 0;
  };
  server.service().begin_drain();
  std::promise<void> looked_at;
  server.on_loop(0, [&](sched::Worker& worker) {
    sched::Loop& loop = *worker.loop();
    auto stream = std::make_unique<net::PlainStream>(base::Descriptor(ends[0]));
    server.service().counters().add(observe::Counter::kConnectionsAccepted);
    loop.adopt(std::make_unique<serve::H1Connection>(server.service(), info, std::move(stream),
                                                     net::PeerAddress()));
    loop.drain(worker, false);
    loop.post_task([&looked_at](sched::Worker&) { looked_at.set_value(); });
  });
  looked_at.get_future().wait();
  EXPECT_FALSE(closed()) << "its request may be on the way";
  clock.advance(2 * base::limits::kNewConnectionGrace);
  server.nudge();
  TestServer::wait_until(closed);
}

}  // namespace
}  // namespace berth
