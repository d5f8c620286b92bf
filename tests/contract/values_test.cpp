// Values by name that requests, connections and listeners hand to handlers: Go's context values,
// ConnContext and BaseContext.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "support/routes.h"
#include "support/test_server.h"

namespace berth {
namespace {

using serve::IoError;
using serve::Request;
using serve::ResponseWriter;
using serve::ValueScope;
using test::RawClient;
using test::Routes;
using test::TestServer;

struct Values : ::testing::TestWithParam<ValueScope> {
  // "/add" appends an x to the value and answers with it, "/get" with what it is.
  Values() {
    routes.add("/get", [this](ResponseWriter& response, Request& request) {
      (void)test::read_body(request);
      (void)response.write(request.value(scope, "acme.trace").value_or("none"));
    });
    routes.add("/add", [this](ResponseWriter& response, Request& request) {
      (void)test::read_body(request);
      const std::string text(request.value(scope, "acme.trace").value_or(""));
      EXPECT_TRUE(request.set_value(scope, "acme.trace", text + "x"));
      (void)response.write(request.value(scope, "acme.trace").value_or("none"));
    });
  }
  void start() { server.emplace(routes, options); }
  // On the loop, or (in_chunks) on a thread of its own.
  static std::string ask(RawClient& client, std::string_view path, bool in_chunks = false) {
    std::string request = "POST " + std::string(path) + " HTTP/1.1\r\nHost: h\r\n";
    request += in_chunks ? "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" : "\r\n";
    EXPECT_TRUE(client.send(request));
    return client.read_reply().body;
  }

  ValueScope scope = ValueScope::kRequest;
  Routes routes;
  test::TestServerOptions options;
  std::optional<TestServer> server;
};

TEST_F(Values, OfARequestEndWithIt_G43) {
  start();
  RawClient client = server->connect();
  for (const bool in_chunks : {false, true}) {
    EXPECT_EQ(ask(client, "/get", in_chunks), "none");
    EXPECT_EQ(ask(client, "/add", in_chunks), "x");
    EXPECT_EQ(ask(client, "/get", in_chunks), "none");
  }
}

TEST_F(Values, OfAConnectionAreSeenByItsLaterRequestsAlone_G7) {
  scope = ValueScope::kConnection;
  start();
  RawClient client = server->connect();
  RawClient other = server->connect();
  EXPECT_EQ(ask(client, "/get"), "none");
  EXPECT_EQ(ask(client, "/add"), "x");
  EXPECT_EQ(ask(client, "/add", true), "xx");
  EXPECT_EQ(ask(client, "/get"), "xx");
  EXPECT_EQ(ask(other, "/get"), "none");
}

TEST_F(Values, OfAListenerAreThoseOfItsConfiguration_G7) {
  scope = ValueScope::kListener;
  ASSERT_TRUE(options.values.set("acme.trace", "of the listener"));
  routes.add("/set", [this](ResponseWriter& response, Request& request) {
    EXPECT_EQ(request.set_value(scope, "acme.trace", "x").error(), IoError::kState);
    (void)response.write(request.value(scope, "acme.trace").value_or("none"));
  });
  start();
  RawClient client = server->connect();
  EXPECT_EQ(ask(client, "/get"), "of the listener");
  EXPECT_EQ(ask(client, "/set"), "of the listener");
}

TEST_F(Values, AreBounded) {
  routes.add("/fill", [](ResponseWriter& response, Request& request) {
    for (const ValueScope in : {ValueScope::kRequest, ValueScope::kConnection}) {
      const std::string large(base::limits::kValueBytes, 'x');
      EXPECT_EQ(request.set_value(in, "n", large).error(), IoError::kTooLarge);
      EXPECT_EQ(request.set_value(in, "", "x").error(), IoError::kInvalid);
      EXPECT_EQ(request.value(in, "n"), std::nullopt);
    }
    (void)response.write("done");
  });
  start();
  RawClient client = server->connect();
  EXPECT_EQ(ask(client, "/fill"), "done");
}

TEST_F(Values, OfAConnectionAreNoLongerThereBehindAHijack) {
  routes.add("/raw", [](ResponseWriter& response, Request& request) {
    EXPECT_TRUE(request.set_value(ValueScope::kConnection, "n", "x"));
    const auto connection = response.hijack();
    ASSERT_TRUE(connection.ok());
    EXPECT_EQ(request.value(ValueScope::kConnection, "n"), std::nullopt);
    EXPECT_EQ(request.set_value(ValueScope::kConnection, "n", "x").error(), IoError::kState);
  });
  start();
  RawClient client = server->connect();
  ASSERT_TRUE(client.send("GET /raw HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(client.read_until_close(), "");
}

}  // namespace
}  // namespace berth
