// What becomes of a request whose thread has stopped inside its handler for good, as one that
// crashed does, and of everybody else meanwhile. Handlers wait for the test in its place.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <string_view>

#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using observe::Counter;
using serve::Request;
using serve::ResponseWriter;
using test::RawClient;
using test::Reply;
using test::Routes;
using test::TestServer;

constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";

std::string get(std::string_view path, std::string_view method = "GET") {
  return std::string(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: h\r\n\r\n");
}

struct Abandon : ::testing::Test {
  Abandon() { test::add_usual_routes(routes); }
  // A route whose handler calls `before` and then stops until the end of the test.
  void add_stopping(std::string_view path, Routes::Function before = {}) {
    routes.add(std::string(path),
               [this, before = std::move(before)](ResponseWriter& response, Request& request) {
                 if (before) before(response, request);
                 connected = &request.connected();
                 stopped = true;
                 released.wait();
               });
  }
  void start() { server.emplace(routes, options); }
  void abandon() {
    TestServer::wait_until([this] { return stopped.load(); });
    connected->abandon();
  }

  Routes routes;
  test::TestServerOptions options;
  std::promise<void> release;
  std::shared_future<void> released{release.get_future()};
  serve::Connected* connected = nullptr;
  std::atomic<bool> stopped{false};
  std::optional<TestServer> server;
};

// Lets the handler return before the server ends.
struct Release {
  explicit Release(std::promise<void>& held) : promise(held) {}
  Release(const Release&) = delete;
  Release& operator=(const Release&) = delete;
  ~Release() { promise.set_value(); }
  std::promise<void>& promise;
};

TEST_F(Abandon, ItsClientGetsA500AndEverybodyElseIsServed) {
  add_stopping("/stops");
  start();
  const test::StopAtEnd stop(server);
  const Release at_end(release);
  RawClient other = server->connect();
  ASSERT_TRUE(other.send(kHello));
  EXPECT_EQ(other.read_reply().status, 200);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(get("/stops")));
  abandon();
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 500);
  EXPECT_TRUE(reply.whole);
  EXPECT_TRUE(reply.says_close());
  EXPECT_TRUE(client.closed_in_silence()) << "while its thread is still inside";
  ASSERT_TRUE(other.send(kHello)) << "on the loop that the thread had driven";
  EXPECT_EQ(other.read_reply().status, 200);
  EXPECT_EQ(server->count(Counter::kResponses5xx), 1U);
}

TEST_F(Abandon, AnAnswerToHeadHasNoBody) {
  add_stopping("/stops");
  start();
  const test::StopAtEnd stop(server);
  const Release at_end(release);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(get("/stops", "HEAD")));
  abandon();
  EXPECT_EQ(client.read_reply(true).status, 500);
  EXPECT_TRUE(client.closed_in_silence());
}

TEST_F(Abandon, BehindTheHeadTheConnectionIsCut) {
  add_stopping("/stops", [](ResponseWriter& response, Request&) {
    EXPECT_TRUE(response.write("first"));
    EXPECT_TRUE(response.flush());
  });
  start();
  const test::StopAtEnd stop(server);
  const Release at_end(release);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(get("/stops")));
  abandon();
  const Reply reply = client.read_reply();
  EXPECT_EQ(reply.status, 200);
  EXPECT_FALSE(reply.whole);
}

// The answer to the first lies in the thread's output, which nobody may touch any more: a 500 would
// be taken for it.
TEST_F(Abandon, BehindUnsentAnswersTheConnectionIsCut) {
  add_stopping("/stops");
  start();
  const test::StopAtEnd stop(server);
  const Release at_end(release);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(std::string(kHello) + get("/stops")));
  abandon();
  EXPECT_EQ(client.read_until_close().find(" 500 "), std::string::npos);
}

TEST_F(Abandon, TheOthersDrainMeanwhile) {
  add_stopping("/stops");
  start();
  const test::StopAtEnd stop(server);
  const Release at_end(release);
  RawClient idle = server->connect();
  ASSERT_TRUE(idle.send(kHello));
  EXPECT_EQ(idle.read_reply().status, 200);
  RawClient client = server->connect();
  ASSERT_TRUE(client.send(get("/stops")));
  abandon();
  EXPECT_EQ(client.read_reply().status, 500);
  server->drain();
  EXPECT_TRUE(idle.closed_in_silence());
  TestServer::wait_until([this] { return server->loops().connections() == 1; });
}

}  // namespace
}  // namespace berth
