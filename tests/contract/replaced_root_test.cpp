// What answers is replaced while it serves: a request keeps the root it began with, however long it
// takes and on whatever thread, and a root that is not used any more is known to be so.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "serve/hijacked.h"
#include "serve/root.h"
#include "serve/use.h"
#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using serve::Request;
using serve::ResponseWriter;
using serve::Use;
using test::RawClient;
using test::TestServer;

constexpr std::string_view kUpload =
    "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";
constexpr std::string_view kWhich = "GET /which HTTP/1.1\r\nHost: h\r\n\r\n";

struct ReplacedRoot : ::testing::Test {
  ReplacedRoot() {
    const auto say = [](const char* text) {
      return [text](ResponseWriter& response, Request&) { (void)response.write(text); };
    };
    test::add_usual_routes(old_routes);
    old_routes.add("/which", say("old"));
    blocking = &old_routes.add("/blocking", [this](ResponseWriter& response, Request&) {
      ++inside;
      opened.wait();
      (void)response.write("old");
    });
    old_routes.add("/wanted", [this](ResponseWriter& response, Request& request) {
      ++inside;
      TestServer::wait_until([&request] { return request.cancelled(); });
      (void)response.write("not wanted");
    });
    old_routes.add("/lines", [](ResponseWriter& response, Request&) {
      auto connection = response.hijack();
      ASSERT_TRUE(connection.ok());
      std::string bytes(64, '\0');
      for (;;) {
        const auto got = (*connection)->read(bytes, std::nullopt);
        if (!got.ok() || *got == 0) break;
        (void)(*connection)->write(std::string_view(bytes).substr(0, *got), 10s);
      }
      (void)(*connection)->write("bye", 10s);
    });
    next_routes.add("/which", say("new"));
  }
  void start() { server.emplace(old_routes, options); }
  void replace() { old = &server->service().roots().replace(next); }
  // Waits for what ends by itself.
  void expect_unused() {
    TestServer::wait_until([this] { return server->service().roots().is_unused(*old); });
  }
  [[nodiscard]] bool is_unused() {
    server->settle();
    return server->service().roots().is_unused(*old);
  }
  // What uses a root now.
  std::vector<Use> uses(const serve::Root& root,
                        const std::function<void(serve::Used&)>& then = {}) {
    std::mutex mutex;
    std::vector<Use> found;
    const bool all = server->loops().run_on_each(
        [&](sched::Loop& loop) {
          loop.for_each_connection([&](sched::Connection& connection) {
            auto& used = dynamic_cast<serve::Used&>(connection);
            const auto use = used.use();
            if (!use || use->root != &root) return;
            const std::lock_guard lock(mutex);
            found.push_back(*use);
            if (then) then(used);
          });
        },
        base::TimePoint::max());
    EXPECT_TRUE(all);
    return found;
  }

  test::Routes old_routes;
  test::Routes next_routes;
  serve::Root next{next_routes, 2};
  const serve::Route* blocking = nullptr;
  std::atomic<int> inside{0};
  std::promise<void> open;
  std::shared_future<void> opened = open.get_future().share();
  std::vector<std::unique_ptr<serve::Root>> made;
  test::TestServerOptions options;
  std::optional<TestServer> server;
  serve::Root* old = nullptr;
};

TEST_F(ReplacedRoot, TheNextRequestOfAConnectionGoesToTheNextRoot) {
  start();
  RawClient client = server->connect();
  client.send(kWhich);
  EXPECT_EQ(client.read_reply().body, "old");
  replace();
  client.send(kWhich);
  EXPECT_EQ(client.read_reply().body, "new");
  expect_unused();
}

TEST_F(ReplacedRoot, AnIdleServerUsesNone) {
  start();
  RawClient client = server->connect();
  client.send(kWhich);
  EXPECT_EQ(client.read_reply().body, "old");
  replace();
  expect_unused();
}

TEST_F(ReplacedRoot, ARequestThatWaitsForItsBodyKeepsIts) {
  start();
  RawClient client = server->connect();
  client.send(kUpload);
  EXPECT_EQ(client.read_reply().status, 100);
  replace();
  EXPECT_FALSE(is_unused());
  ASSERT_EQ(uses(*old).size(), 1U);
  EXPECT_EQ(uses(*old).front().kind, Use::Kind::kRequest);
  client.send("ok");
  EXPECT_EQ(client.read_reply().body, "ok");
  expect_unused();
  EXPECT_TRUE(uses(*old).empty());
}

TEST_F(ReplacedRoot, ARequestThatWaitsForAThreadKeepsIts) {
  options.threads = 2;
  start();
  test::teach_that_it_blocks(*blocking);
  std::vector<RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(server->connect());
    clients.back().send("GET /blocking HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  TestServer::wait_until([this] { return server->pool().queued() == 2 && inside == 1; });
  replace();
  EXPECT_FALSE(is_unused());
  const std::vector<Use> found = uses(*old);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(std::count_if(found.begin(), found.end(),
                          [](const Use& use) { return use.kind == Use::Kind::kQueued; }),
            2);
  open.set_value();
  for (RawClient& client : clients) EXPECT_EQ(client.read_reply().body, "old");
  expect_unused();
}

TEST_F(ReplacedRoot, AHijackedConnectionKeepsItsUntilItIsGivenBack) {
  start();
  RawClient client = server->connect();
  client.send("GET /lines HTTP/1.1\r\nHost: h\r\n\r\nhello");
  client.wait_for("hello");
  replace();
  EXPECT_FALSE(is_unused());
  ASSERT_EQ(uses(*old).size(), 1U);
  EXPECT_EQ(uses(*old).front().kind, Use::Kind::kHijacked);
  client.half_close();
  EXPECT_EQ(client.read_until_close(), "hellobye");
  expect_unused();
}

TEST_F(ReplacedRoot, AHandlerThatHasClosedWhatItTookOverIsStillKnownToRun) {
  old_routes.add("/closes", [this](ResponseWriter& response, Request&) {
    ASSERT_TRUE(response.hijack().ok());  // and closed
    ++inside;
    opened.wait();
  });
  start();
  RawClient client = server->connect();
  client.send("GET /closes HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(client.closed_in_silence());
  TestServer::wait_until([this] { return inside == 1; });
  replace();
  server->settle();
  EXPECT_TRUE(uses(*old).empty());
  ASSERT_EQ(server->service().roots().hijacking().size(), 1U);
  open.set_value();
  TestServer::wait_until([this] { return server->service().roots().hijacking().empty(); });
  expect_unused();
}

TEST_F(ReplacedRoot, ARecalledRequestHearsThatNobodyWantsItAndMayStillAnswer) {
  start();
  RawClient client = server->connect();
  client.send("GET /wanted HTTP/1.1\r\nHost: h\r\n\r\n");
  TestServer::wait_until([this] { return inside == 1; });
  replace();
  (void)uses(*old, [](serve::Used& used) { used.recall(); });
  EXPECT_EQ(client.read_reply().body, "not wanted");
  client.send(kWhich);
  EXPECT_EQ(client.read_reply().body, "new") << "the connection goes on";
  expect_unused();
}

TEST_F(ReplacedRoot, ARecalledHijackedConnectionHearsTheEndOfItsInput) {
  start();
  RawClient client = server->connect();
  client.send("GET /lines HTTP/1.1\r\nHost: h\r\n\r\nhello");
  client.wait_for("hello");
  replace();
  (void)uses(*old, [](serve::Used& used) { used.recall(); });
  EXPECT_EQ(client.read_until_close(), "hellobye");
  expect_unused();
}

TEST_F(ReplacedRoot, WhoIsCutEndsWhateverItWaitsFor) {
  start();
  RawClient client = server->connect();
  client.send(kUpload);
  EXPECT_EQ(client.read_reply().status, 100);
  replace();
  (void)uses(*old, [](serve::Used& used) { used.cut(); });
  (void)client.read_until_close();
  expect_unused();
}

TEST_F(ReplacedRoot, EveryThreadMakesItsVisitAndTheParkedOnesToo) {
  options.threads = 3;
  start();
  test::teach_that_it_blocks(*blocking);
  open.set_value();
  for (int i = 0; i < 4; ++i) {
    RawClient client = server->connect();
    client.send("GET /blocking HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(client.read_reply().body, "old");
  }
  const std::uint64_t round = server->pool().begin_visit();
  TestServer::wait_until([&] {
    server->nudge();
    return server->pool().is_visited(round);
  });
  EXPECT_TRUE(server->loops().synchronize(base::TimePoint::max()));
}

TEST_F(ReplacedRoot, AThreadInsideAHandlerHasNotMadeItsVisit) {
  start();
  test::teach_that_it_blocks(*blocking);
  RawClient client = server->connect();
  client.send("GET /blocking HTTP/1.1\r\nHost: h\r\n\r\n");
  TestServer::wait_until([this] { return inside == 1; });
  const std::uint64_t round = server->pool().begin_visit();
  server->settle();
  EXPECT_FALSE(server->pool().is_visited(round));
  open.set_value();
  EXPECT_EQ(client.read_reply().body, "old");
  TestServer::wait_until([&] {
    server->nudge();
    return server->pool().is_visited(round);
  });
}

// Many at once, of every kind there is, while roots come and go.
TEST_F(ReplacedRoot, NoRequestFailsWhileRootsAreReplaced) {
  options.loops = 2;
  options.threads = 8;
  start();
  open.set_value();
  test::teach_that_it_blocks(*blocking);
  std::atomic<bool> done{false};
  std::vector<std::thread> clients;
  for (const std::string_view request :
       {std::string_view("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"),
        std::string_view("GET /stream HTTP/1.1\r\nHost: h\r\n\r\n"),
        std::string_view("GET /blocking HTTP/1.1\r\nHost: h\r\n\r\n"),
        std::string_view("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                         "2\r\nok\r\n0\r\n\r\n")}) {
    clients.emplace_back([this, request, &done] {
      RawClient client = server->connect();
      while (!done.load(std::memory_order_relaxed)) {
        client.send(request);
        EXPECT_EQ(client.read_reply().status, 200);
      }
    });
  }
  serve::Roots& roots = server->service().roots();
  for (std::uint64_t i = 0; i < 200; ++i) {
    auto root = std::make_unique<serve::Root>(old_routes, i + 10);
    serve::Root& before = roots.replace(*root);
    TestServer::wait_until([&] { return roots.is_unused(before); });
    EXPECT_TRUE(server->loops().synchronize(base::TimePoint::max()));
    made.push_back(std::move(root));
    if (made.size() > 1) made.erase(made.begin());  // `before`, which nobody may touch any more
  }
  done = true;
  for (std::thread& client : clients) client.join();
}

}  // namespace
}  // namespace berth
