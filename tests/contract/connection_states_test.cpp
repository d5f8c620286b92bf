// How many connections are new, active, idle, hijacked and closed: Go's http.ConnState.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/hijacked.h"
#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Routes;
using test::TestServer;

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kChunked = "\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

using Counts = std::array<std::uint64_t, serve::kConnectionStateCount>;

struct ConnectionStates : ::testing::TestWithParam<std::size_t> {
  ConnectionStates() {
    test::add_usual_routes(routes);
    routes.add("/gated", [this](ResponseWriter& response, Request& request) {
      (void)test::read_body(request);
      opened.wait();
      (void)response.write("gated\n");
    });
    routes.add("/large", [](ResponseWriter& response, Request&) {
      (void)response.write(std::string(400'000, 'x'));
    });
    routes.add("/raw", [this](ResponseWriter& response, Request&) {
      auto connection = response.hijack();
      ASSERT_TRUE(connection.ok());
      hijacked = std::move(*connection);
      ++taken;
    });
    routes.add("/raw-here", [this](ResponseWriter& response, Request&) {
      const auto connection = response.hijack();
      ASSERT_TRUE(connection.ok());
      opened.wait();
    });
    options.loops = GetParam();
  }
  ~ConnectionStates() override { server.reset(); }
  void start() { server.emplace(routes, options); }
  // Waits until they are these.
  void expect(const Counts& counts) {
    Counts seen{};
    TestServer::wait_until([&] {
      seen = server->service().connection_states().counts;
      return seen == counts;
    });
    EXPECT_EQ(seen, counts);
  }

  std::promise<void> open;
  std::shared_future<void> opened = open.get_future().share();
  std::atomic<int> taken{0};
  std::unique_ptr<serve::Hijacked> hijacked;
  Routes routes;
  test::TestServerOptions options;
  std::optional<TestServer> server;
};

INSTANTIATE_TEST_SUITE_P(Loops, ConnectionStates, ::testing::Values(1U, 2U));

TEST_P(ConnectionStates, FromNewOverActiveToIdleAndClosed_G19) {
  start();
  expect({0, 0, 0, 0, 0});
  RawClient client = server->connect();
  expect({1, 0, 0, 0, 0});
  ASSERT_TRUE(client.send(kHello.substr(0, 1)));
  expect({0, 1, 0, 0, 0});
  ASSERT_TRUE(client.send(kHello.substr(1)));
  EXPECT_EQ(client.read_reply().status, 200);
  expect({0, 0, 1, 0, 0});
  ASSERT_TRUE(client.send(kHello.substr(0, 10)));
  expect({0, 1, 0, 0, 0});
  client.close();
  expect({0, 0, 0, 0, 1});
}

TEST_P(ConnectionStates, AConnectionMayEndBeforeItSentAnything_G8_G19) {
  start();
  RawClient client = server->connect();
  expect({1, 0, 0, 0, 0});
  client.close();
  expect({0, 0, 0, 0, 1});
}

TEST_P(ConnectionStates, AConnectionIsActiveWhileItsHandlerRuns_G19) {
  start();
  std::vector<RawClient> clients;
  for (const std::string_view rest : {std::string_view("\r\nHost: h\r\n\r\n"), kChunked}) {
    clients.push_back(server->connect());
    ASSERT_TRUE(clients.back().send("POST /gated HTTP/1.1" + std::string(rest)));
    expect({0, clients.size(), 0, 0, 0});
  }
  RawClient idle = server->connect();
  ASSERT_TRUE(idle.send(kHello));
  EXPECT_EQ(idle.read_reply().status, 200);
  expect({0, 2, 1, 0, 0});
  open.set_value();
  ASSERT_TRUE(clients[1].send("0\r\n\r\n"));
  for (RawClient& client : clients) EXPECT_EQ(client.read_reply().body, "gated\n");
  expect({0, 0, 3, 0, 0});
}

TEST_P(ConnectionStates, AnAnswerThatIsNotTakenKeepsItActive_G19) {
  options.send_buffer = 16 * 1024;
  start();
  RawClient client = server->connect({.receive_buffer = 4096});
  ASSERT_TRUE(client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n"));
  expect({0, 1, 0, 0, 0});
  EXPECT_EQ(client.read_reply().body.size(), 400'000U);
  expect({0, 0, 1, 0, 0});
}

TEST_P(ConnectionStates, ARefusedOneIsActiveWhileItLingers_G19_G27) {
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("garbage\r\n\r\n"));
  EXPECT_EQ(client.read_reply().status, 400);
  expect({0, 1, 0, 0, 0});
  client.close();
  expect({0, 0, 0, 0, 1});
}

TEST_P(ConnectionStates, HijackedOnesAreSoUntilTheyAreClosed_G19) {
  start();
  RawClient idle = server->connect();
  ASSERT_TRUE(idle.send(kHello));
  EXPECT_EQ(idle.read_reply().status, 200);
  std::uint64_t closed = 0;
  for (const std::string_view rest : {std::string_view("\r\nHost: h\r\n\r\n"), kChunked}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send("POST /raw HTTP/1.1" + std::string(rest)));
    TestServer::wait_until([&] { return taken == static_cast<int>(closed) + 1; });
    expect({0, 0, 1, 1, closed});
    hijacked.reset();
    expect({0, 0, 1, 0, ++closed});
  }
}

TEST_P(ConnectionStates, AHandlerThatKeepsWhatItHijackedCountsOnce_G19) {
  start();
  std::vector<RawClient> clients;
  for (const std::string_view rest : {std::string_view("\r\nHost: h\r\n\r\n"), kChunked}) {
    clients.push_back(server->connect());
    ASSERT_TRUE(clients.back().send("POST /raw-here HTTP/1.1" + std::string(rest)));
    expect({0, 0, 0, clients.size(), 0});
  }
  RawClient fresh = server->connect();
  expect({1, 0, 0, 2, 0});
  open.set_value();
  expect({1, 0, 0, 0, 2});
}

}  // namespace
}  // namespace berth
