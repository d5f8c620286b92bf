#include "serve/exchange.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "support/fake_transport.h"
#include "support/routes.h"

namespace berth::serve {
namespace {

using test::FakeConnection;

// As HTTP/2 will have them: begun in one order, run in another, on many threads, over one
// connection.
TEST(Exchange, ManyShareOneConnectionWithoutKnowingOfEachOther) {
  test::Routes routes;
  test::add_usual_routes(routes);
  FakeConnection connection;
  std::vector<FakeConnection::Stream*> streams;
  for (int i = 0; i < 200; ++i) {
    const std::string body = "body " + std::to_string(i);
    streams.push_back(
        &connection.open("POST", i % 5 == 4 ? "/throw" : "/echo", {{"Host", "h"}}, body));
  }
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = streams.size(); i-- > 0;) {
        if (i % 4 != t) continue;
        EXPECT_EQ(FakeConnection::run(*streams[i], routes), i % 5 != 4);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const test::FakeTransport& transport = streams[i]->transport;
    EXPECT_EQ(transport.heads, 1);
    EXPECT_EQ(transport.finishes, 1);
    EXPECT_EQ(transport.status, i % 5 == 4 ? 500 : 200);
    if (i % 5 != 4) {
      EXPECT_EQ(transport.sent, "body " + std::to_string(i));
    }
  }
}

TEST(Exchange, OneObjectServesRequestAfterRequest) {
  test::Routes routes;
  test::add_usual_routes(routes);
  FakeConnection connection;
  Exchange exchange;
  for (const std::string path : {"/hello", "/throw", "/cut", "/empty", "/stream", "/hello"}) {
    FakeConnection::Stream& stream = connection.open("GET", path);
    exchange.request().next_target() = stream.exchange.request().parsed_target();
    exchange.begin({.head = &stream.head,
                    .host = "h",
                    .protocol = "HTTP/1.1",
                    .content_length = 0,
                    .transport = &stream.transport,
                    .connected = &connection});
    EXPECT_EQ(exchange.route(routes).pattern, path);
    const bool fails = path == "/throw" || path == "/cut";
    EXPECT_EQ(exchange.run(), !fails);
    EXPECT_EQ(stream.transport.heads, 1) << path;
    EXPECT_EQ(stream.transport.finishes + stream.transport.aborts, 1) << path;
    if (path == "/hello") {
      EXPECT_EQ(stream.transport.sent, "hello, world\n");
    }
    if (path == "/empty") {
      EXPECT_EQ(stream.transport.plan.length, 0U);
    }
  }
}

TEST(Exchange, TheRouteIsWhatTheRootSaid) {
  test::Routes routes;
  Route& route = routes.add("/x", [](ResponseWriter&, Request& request) {
    EXPECT_EQ(request.route().pattern, "/x");
    EXPECT_EQ(request.route().max_body, 7U);
  });
  route.max_body = 7;
  FakeConnection connection;
  EXPECT_TRUE(FakeConnection::run(connection.open("GET", "/x"), routes));
  FakeConnection::Stream& missing = connection.open("GET", "/y");
  FakeConnection::run(missing, routes);
  EXPECT_EQ(missing.transport.status, 404);
}

}  // namespace
}  // namespace berth::serve
