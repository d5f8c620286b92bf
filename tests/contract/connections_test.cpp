// Connections from accept to close: half-closed, reset, many at once, handed over while replies are
// unsent.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

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

using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

struct Connections : ::testing::TestWithParam<std::size_t> {
  Connections() { test::add_usual_routes(routes); }
  void start() {
    options.loops = GetParam();
    server.emplace(routes, options);
  }

  Routes routes;
  test::TestServerOptions options;
  std::optional<TestServer> server;
};

INSTANTIATE_TEST_SUITE_P(Loops, Connections, ::testing::Values(1U, 2U, 4U));

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kChunked =
    "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";

// The server's end of the client's connection, once more: what a handler's child process holds
// between fork(2) and exec(2).
base::Descriptor copy_of_servers_end(const RawClient& client) {
  sockaddr_in wanted{};
  socklen_t size = sizeof wanted;
  EXPECT_EQ(::getsockname(client.fd(), reinterpret_cast<sockaddr*>(&wanted), &size), 0);
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in peer{};
    size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
        peer.sin_family == AF_INET && peer.sin_port == wanted.sin_port) {
      return base::Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    }
  }
  ADD_FAILURE() << "the server has no such connection";
  return {};
}

TEST_P(Connections, WhatHappensToAClosedOneThatAChildProcessHoldsIsNotLookedAt_F62) {
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kHello));
  EXPECT_EQ(client.read_reply().status, 200);
  const base::Descriptor held = copy_of_servers_end(client);
  client.half_close();
  TestServer::wait_until(
      [this] { return server->count(observe::Counter::kConnectionsClosed) == 1; });
  server->settle();
  client.reset();
  server->settle();
  EXPECT_EQ(
      server->replies_to("GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").size(), 1U);
}

TEST_P(Connections, AClientThatHalfClosesIsStillAnswered_F19) {
  start();
  for (const std::string_view request : {kHello, kChunked}) {
    RawClient client = server->connect();
    // Bytes and FIN may come in one event or in two.
    ASSERT_TRUE(client.send(request));
    client.half_close();
    const std::vector<Reply> replies = client.read_all();
    ASSERT_EQ(replies.size(), 1U);
    EXPECT_EQ(replies[0].status, 200);
    EXPECT_EQ(client.end(), RawClient::End::kFin);
  }
}

TEST_P(Connections, AFinTogetherWithManyRequestsLosesNone_F19) {
  start();
  for (int round = 0; round < 10; ++round) {
    RawClient client = server->connect();
    std::string bytes;
    for (int i = 0; i < 100; ++i) bytes += i % 10 == 9 ? kChunked : kHello;
    // The loops are kept busy until bytes and FIN both lie in the socket.
    const auto send = [&](sched::Worker&) {
      ASSERT_TRUE(client.send(bytes));
      client.half_close();
    };
    server->on_loop(0, send);
    EXPECT_EQ(client.read_all().size(), 100U);
  }
}

TEST_P(Connections, AHandlerSeesThatItsClientIsGone_G21_F19) {
  std::promise<void> entered;
  std::promise<bool> seen;
  routes.add("/wait", [&](ResponseWriter& response, Request& request) {
    std::array<char, 10> buffer;
    (void)request.read(buffer);
    entered.set_value();
    TestServer::wait_until([&] { return request.cancelled(); });
    seen.set_value(response.write("too late") && response.flush());
  });
  start();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(
      "POST /wait HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
  entered.get_future().wait();
  client.reset();
  EXPECT_FALSE(seen.get_future().get());
}

TEST_P(Connections, AResetInTheMiddleOfAResponseFailsTheWrite_F19_G22) {
  std::promise<serve::IoError> failed;
  std::atomic<bool> once{false};
  routes.add("/endless", [&](ResponseWriter& response, Request&) {
    const std::string piece(64 * 1024, 'x');
    for (;;) {
      const auto written = response.write(piece);
      if (written) continue;
      if (!once.exchange(true)) failed.set_value(written.error());
      return;
    }
  });
  start();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("GET /endless HTTP/1.1\r\nHost: h\r\n\r\n"));
  client.skip(1'000'000);
  client.reset();
  EXPECT_EQ(failed.get_future().get(), serve::IoError::kClosed);
  RawClient next = server->connect();
  ASSERT_TRUE(next.send(kHello));
  EXPECT_EQ(next.read_reply().status, 200);
}

TEST_P(Connections, ABurstOfThemIsAccepted_G12) {
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 200; ++i) clients.push_back(server->connect());
  for (RawClient& client : clients) ASSERT_TRUE(client.send(kHello));
  for (RawClient& client : clients) EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_EQ(server->count(observe::Counter::kConnectionsAccepted), 200U);
  // Balanced: no loop has two more than the least loaded.
  std::size_t most = 0;
  std::size_t fewest = 1000;
  for (std::size_t i = 0; i < server->loops().size(); ++i) {
    most = std::max(most, server->loops().at(i).connections());
    fewest = std::min(fewest, server->loops().at(i).connections());
  }
  EXPECT_LE(most, fewest + 20);
}

TEST_P(Connections, ThatSendOneByteAtATimeAreServed) {
  start();
  RawClient client = server->connect();
  for (const std::string_view request : {kHello, kChunked, kHello}) {
    ASSERT_TRUE(client.send_in_pieces(request, 1));
    EXPECT_EQ(client.read_reply().status, 200);
  }
}

// A response that does not fit into the socket, then a request that needs a thread of its own, then
// FIN.
TEST_P(Connections, AHandOverWaitsForEarlierRepliesEvenBehindAFin_G12_F19) {
  const std::string large(200'000, 'x');
  routes.add("/large", [&](ResponseWriter& response, Request&) { (void)response.write(large); });
  options.send_buffer = 8 * 1024;
  start();
  const test::StopAtEnd stop(server);
  for (const std::size_t before :
       {0U, 32U}) {  // 32 fill a turn: in the next one the FIN is seen first
    RawClient client = server->connect({.receive_buffer = 4096});
    std::string bytes;
    for (std::size_t i = 0; i < before; ++i) bytes += kHello;
    bytes += "GET /large HTTP/1.1\r\nHost: h\r\n\r\n";
    bytes += kChunked;
    server->on_loop(0, [&](sched::Worker&) {
      ASSERT_TRUE(client.send(bytes));
      client.half_close();
    });
    server->settle();
    const std::vector<Reply> replies = client.read_all();
    ASSERT_EQ(replies.size(), before + 2);
    EXPECT_EQ(replies[before].body.size(), large.size());
    EXPECT_EQ(replies[before + 1].body, "abc");
  }
}

TEST_P(Connections, AClientThatDoesNotReadIsNotReadFromEither_F11) {
  constexpr int kRequests = 3000;
  const std::string body(2000, 'x');
  std::atomic<int> served{0};
  routes.add("/count", [&](ResponseWriter& response, Request&) {
    ++served;
    (void)response.write(body);
  });
  options.send_buffer = 16 * 1024;
  options.receive_buffer = 16 * 1024;
  start();
  const test::StopAtEnd stop(server);
  RawClient client = server->connect({.receive_buffer = 16 * 1024, .send_buffer = 16 * 1024});
  const std::string request =
      "GET /count HTTP/1.1\r\nHost: h\r\nX: " + std::string(400, 'x') + "\r\n\r\n";
  std::string bytes;
  for (int i = 0; i < kRequests; ++i) bytes += request;
  std::size_t sent = client.send_some(bytes);
  server->settle();
  sent += client.send_some(std::string_view(bytes).substr(sent));
  EXPECT_LT(sent, bytes.size() / 2);
  EXPECT_LT(served, kRequests / 2) << "it is served ahead of what it takes";
  for (int i = 0; i < kRequests; ++i) {
    sent += client.send_some(std::string_view(bytes).substr(sent));
    ASSERT_EQ(client.read_reply().body.size(), body.size()) << i;
  }
  EXPECT_EQ(served, kRequests);
}

TEST_P(Connections, AddressesAreThoseOfTheSocket) {
  routes.add("/who", [](ResponseWriter& response, Request& request) {
    (void)response.write(std::string(request.connected().remote_address()) + " " +
                         std::string(request.connected().local_address()) + " " +
                         std::string(request.connected().listener_name()));
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("GET /who HTTP/1.1\r\nHost: h\r\n\r\n"));
  const std::string local = net::RawAddress::local_of(client.fd()).text();
  EXPECT_EQ(client.read_reply().body,
            local + " 127.0.0.1:" + std::to_string(server->port()) + " test");
}

}  // namespace
}  // namespace berth
