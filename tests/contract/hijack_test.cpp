// Connections that a handler takes over: Go's http.Hijacker.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "serve/hijacked.h"
#include "support/fake_clock.h"
#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using serve::Hijacked;
using serve::IoError;
using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Routes;
using test::TestServer;

constexpr std::string_view kRaw = "GET /raw HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view kRawChunked =
    "POST /raw HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

std::string next(Hijacked& connection, std::size_t most = 64) {
  std::string bytes(most, '\0');
  const auto got = connection.read(bytes, std::nullopt);
  bytes.resize(got.ok() ? *got : 0);
  return bytes;
}

// Sends back what comes, until the client ends its side.
void echo(ResponseWriter& response, Request&) {
  auto connection = response.hijack();
  ASSERT_TRUE(connection.ok());
  for (std::string bytes = next(**connection); !bytes.empty(); bytes = next(**connection)) {
    ASSERT_TRUE((*connection)->write(bytes, 10s));
  }
}

struct Hijack : ::testing::Test {
  Hijack() { test::add_usual_routes(routes); }
  void start() { server.emplace(routes, options); }

  Routes routes;
  test::TestServerOptions options;
  test::FakeClock clock{1h};
  std::optional<TestServer> server;
};

TEST_F(Hijack, HandsOverTheConnectionWithWhatCameBehindTheRequest) {
  routes.add("/raw", echo);
  start();
  for (const std::string_view request : {kRaw, kRawChunked}) {
    RawClient client = server->connect();
    ASSERT_TRUE(client.send(std::string(kHello).append(request).append("ahead;")));
    EXPECT_EQ(client.read_reply().body, "hello, world\n") << "earlier replies first";
    TestServer::wait_until([&] { return client.received() == "ahead;"; });
    ASSERT_TRUE(client.send("later;"));
    client.half_close();
    EXPECT_EQ(client.read_until_close(), "ahead;later;");
  }
  TestServer::wait_until([&] { return server->loops().connections() == 0; });
  EXPECT_EQ(server->count(observe::Counter::kResponses1xx), 2U);
}

TEST_F(Hijack, LeavesTheLoopToOthers) {
  std::promise<void> inside;
  routes.add("/raw", [&](ResponseWriter& response, Request&) {
    auto connection = response.hijack();
    inside.set_value();
    (void)next(**connection);
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kRaw));
  inside.get_future().wait();
  RawClient other = server->connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(other.send(kHello));
    EXPECT_EQ(other.read_reply().status, 200);
  }
  client.half_close();
  EXPECT_EQ(client.read_until_close(), "");
}

TEST_F(Hijack, MayOutliveTheHandlersCall) {
  std::promise<std::unique_ptr<Hijacked>> taken;
  routes.add("/raw", [&](ResponseWriter& response, Request&) {
    taken.set_value(std::move(response.hijack()).value());
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kRaw));
  std::unique_ptr<Hijacked> connection = taken.get_future().get();
  ASSERT_TRUE(connection->write("hello from elsewhere", std::nullopt));
  TestServer::wait_until([&] { return client.received() == "hello from elsewhere"; });
  ASSERT_TRUE(client.send("back"));
  EXPECT_EQ(next(*connection), "back");
  EXPECT_EQ(server->loops().connections(), 1U);
  connection.reset();
  EXPECT_EQ(client.read_until_close(), "hello from elsewhere");
}

TEST_F(Hijack, AThrowBehindItLeavesItOpen_G79) {
  std::promise<std::unique_ptr<Hijacked>> taken;
  routes.add("/raw", [&](ResponseWriter& response, Request&) {
    taken.set_value(std::move(response.hijack()).value());
    throw std::runtime_error("behind it");
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kRaw));
  std::unique_ptr<Hijacked> connection = taken.get_future().get();
  ASSERT_TRUE(client.send("still"));
  EXPECT_EQ(next(*connection), "still");
  ASSERT_TRUE(connection->write("here", std::nullopt));
  connection.reset();
  EXPECT_EQ(client.read_until_close(), "here");
}

TEST_F(Hijack, IsTooLateOnceTheResponseHasBegun) {
  routes.add("/raw", [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.set_status(202));
    const auto connection = response.hijack();
    EXPECT_EQ(connection.ok(), false);
    EXPECT_EQ(connection.error(), IoError::kState);
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kRaw));
  EXPECT_EQ(client.read_reply().status, 202);
}

TEST_F(Hijack, NothingIsLeftToAnswerWith) {
  routes.add("/raw", [](ResponseWriter& response, Request&) {
    auto connection = response.hijack();
    EXPECT_EQ(response.write("x").error(), IoError::kState);
    EXPECT_EQ(response.flush().error(), IoError::kState);
    EXPECT_EQ(response.set_field("A", "b").error(), IoError::kState);
    EXPECT_EQ(response.hijack().error(), IoError::kState);
    ASSERT_TRUE((*connection)->write("raw", 10s));
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kRaw));
  EXPECT_EQ(client.read_until_close(), "raw");
}

TEST_F(Hijack, TheClosedConnectionIsNotTouchedByWhatTheHandlerDoesBehindIt) {
  std::promise<void> done;
  routes.add("/raw", [&](ResponseWriter& response, Request& request) {
    response.hijack().value().reset();
    TestServer::wait_until([&] { return server->loops().connections() == 0; });
    std::string bytes(8, '\0');
    EXPECT_EQ(response.write("x").error(), IoError::kState);
    EXPECT_EQ(response.flush().error(), IoError::kState);
    EXPECT_EQ(response.hijack().error(), IoError::kState);
    EXPECT_EQ(request.read(bytes).error(), IoError::kState);
    EXPECT_TRUE(request.cancelled());
    EXPECT_EQ(request.connected().remote_address(), "");
    done.set_value();
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kRaw));
  EXPECT_EQ(client.read_until_close(), "");
  done.get_future().wait();
}

TEST_F(Hijack, ReadsEndAtTheirDeadline) {
  std::promise<IoError> failed;
  routes.add("/raw", [&](ResponseWriter& response, Request&) {
    auto connection = response.hijack();
    std::string bytes(8, '\0');
    failed.set_value((*connection)->read(bytes, 20ms).error());
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kRaw));
  EXPECT_EQ(failed.get_future().get(), IoError::kTimedOut);
}

TEST_F(Hijack, TheHandlersDeadlineIsOver) {
  options.clock = &clock;
  std::promise<void> inside;
  routes
      .add("/raw",
           [&](ResponseWriter& response, Request&) {
             auto connection = response.hijack();
             inside.set_value();
             ASSERT_TRUE((*connection)->write(next(**connection), std::nullopt));
           })
      .timeout = 5s;
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kRaw));
  inside.get_future().wait();
  for (int i = 0; i < 3; ++i) {
    server->settle();
    clock.advance(100s);
    server->settle();
  }
  ASSERT_TRUE(client.send("still here"));
  EXPECT_EQ(client.read_until_close(), "still here");
}

TEST_F(Hijack, ADrainIsTheEndOfInputAndIsWaitedFor) {
  std::promise<void> inside;
  routes.add("/raw", [&](ResponseWriter& response, Request&) {
    auto connection = response.hijack();
    EXPECT_FALSE((*connection)->drained());
    inside.set_value();
    EXPECT_EQ(next(**connection), "");
    EXPECT_TRUE((*connection)->drained());
    ASSERT_TRUE((*connection)->write("goodbye", std::nullopt));
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kRaw));
  inside.get_future().wait();
  server->drain();
  EXPECT_EQ(client.read_until_close(), "goodbye");
  EXPECT_TRUE(server->wait_drained());
}

// As many as clients that are not to come back in one moment.
TEST_F(Hijack, ADrainTellsManyOneAfterTheOtherAndCutsThemSoAtItsEnd) {
  constexpr std::size_t kMany = 150;
  std::mutex mutex;
  std::vector<std::unique_ptr<Hijacked>> taken;
  routes.add("/raw", [&](ResponseWriter& response, Request&) {
    auto connection = std::move(response.hijack()).value();
    const std::scoped_lock lock(mutex);
    taken.push_back(std::move(connection));
  });
  options.clock = &clock;
  start();
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i < kMany; ++i) {
    clients.push_back(server->connect());
    ASSERT_TRUE(clients.back().send(kRaw));
    TestServer::wait_until([&] {
      const std::scoped_lock lock(mutex);
      return taken.size() == i + 1;
    });
  }
  const auto drained = [&taken] {
    return std::count_if(taken.begin(), taken.end(),
                         [](const auto& connection) { return connection->drained(); });
  };
  const auto cut = [&clients] {
    return std::count_if(clients.begin(), clients.end(), [](RawClient& client) {
      (void)client.received();
      return client.end() != RawClient::End::kOpen;
    });
  };
  server->drain(0s, 60s);
  server->settle();
  EXPECT_EQ(drained(), 1) << "the first at once";
  server->pass(clock, 1s);
  EXPECT_EQ(drained(), kMany);
  server->pass(clock, 58s);
  EXPECT_EQ(cut(), 0) << "they may stay for the time of the drain, but for the last 150 ms";
  server->pass(clock, 2s);
  EXPECT_EQ(cut(), kMany);
  taken.clear();
  EXPECT_TRUE(server->wait_drained());
}

TEST_F(Hijack, AHardDrainCutsIt) {
  std::promise<std::unique_ptr<Hijacked>> taken;
  routes.add("/raw", [&](ResponseWriter& response, Request&) {
    taken.set_value(std::move(response.hijack()).value());
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kRaw));
  std::unique_ptr<Hijacked> connection = taken.get_future().get();
  server->drain();
  server->drain_hard();
  EXPECT_EQ(client.read_until_close(), "");
  EXPECT_EQ(next(*connection), "");
  connection.reset();
  EXPECT_TRUE(server->wait_drained());
}

TEST_F(Hijack, CountsAsAThreadThatWaitsForItsClient) {
  options.client_waits = 1;
  std::promise<void> inside;
  routes.add("/raw", [&](ResponseWriter& response, Request&) {
    auto connection = response.hijack();
    inside.set_value();
    (void)next(**connection);
  });
  routes.add("/more", [](ResponseWriter& response, Request&) {
    const auto connection = response.hijack();
    EXPECT_EQ(connection.ok(), false);
    EXPECT_EQ(connection.error(), IoError::kExhausted);
    (void)response.set_status(503);
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(kRaw));
  inside.get_future().wait();
  RawClient other = server->connect();
  ASSERT_TRUE(other.send("GET /more HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(other.read_reply().status, 503);
  client.half_close();
  EXPECT_EQ(client.read_until_close(), "");
}

}  // namespace
}  // namespace berth
