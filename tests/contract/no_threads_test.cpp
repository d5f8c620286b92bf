// A server that runs and gets no further thread of the system goes on with those it has (faults.md
// 39).
#include "support/no_threads.h"

#include <gtest/gtest.h>

#include <future>
#include <string_view>

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
// Needs a thread, as its body is not here with its head.
constexpr std::string_view kUpload =
    "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";

constexpr std::string_view kGated =
    "POST /gated HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

struct NoThreadsAtRunTime : ::testing::Test {
  NoThreadsAtRunTime() {
    test::add_usual_routes(routes);
    options.stack_bytes = 0;
  }
  Routes routes;
  test::TestServerOptions options;
};

TEST_F(NoThreadsAtRunTime, WhatNeedsOneIsRefusedAndTheRestIsServedOn_F39) {
  TestServer server(routes, options);
  RawClient client = server.connect();
  {
    const test::NoThreads none;
    RawClient upload = server.connect();
    ASSERT_TRUE(upload.send(kUpload));
    EXPECT_EQ(upload.read_reply().status, 503) << "nobody would ever take it";
    for (int i = 0; i < 100; ++i) {
      ASSERT_TRUE(client.send(kHello));
      EXPECT_EQ(client.read_reply().status, 200);
    }
    EXPECT_EQ(server.pool().threads(), 1U) << "the loop's";
  }
  ASSERT_TRUE(client.send(kUpload));
  EXPECT_EQ(client.read_reply().body, "abc") << "as soon as there is one again";
}

TEST_F(NoThreadsAtRunTime, WhatNeedsOneWaitsForThoseThatThereAre_F39) {
  std::promise<void> entered;
  std::promise<void> open;
  routes.add("/gated", [&](ResponseWriter& response, Request& request) {
    (void)test::read_body(request);
    entered.set_value();
    open.get_future().wait();
    (void)response.write("gated\n");
  });
  TestServer server(routes, options);
  RawClient gated = server.connect();
  ASSERT_TRUE(gated.send(kGated));
  entered.get_future().wait();
  const test::NoThreads none;
  RawClient upload = server.connect();
  ASSERT_TRUE(upload.send(kUpload));
  TestServer::wait_until([&] { return server.pool().queued() == 1; });
  RawClient client = server.connect();
  ASSERT_TRUE(client.send(kHello));
  EXPECT_EQ(client.read_reply().status, 200);
  open.set_value();
  EXPECT_EQ(gated.read_reply().body, "gated\n");
  EXPECT_EQ(upload.read_reply().body, "abc") << "by the thread that has come back";
  EXPECT_EQ(server.pool().threads(), 2U);
}

}  // namespace
}  // namespace berth
