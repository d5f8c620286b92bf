// Plugins from a YAML route table answer over real sockets.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "e2e/host.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

std::string get(const std::string& path, const std::string& method = "GET") {
  return method + " " + path + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

struct Case {
  const char* method;
  const char* path;
  int status;
  std::optional<std::string> body;
  std::string field;  // one of the reply, with its value; empty: none is asked for
  std::string value;
};

TEST(Serve, RoutesOfTheConfigurationAnswerFromTheirPlugins) {
  const Case cases[] = {
      {"GET", "/hello/world", 200, "hello, world\n", "Content-Length", "13"},
      {"GET", "/hello/world?q=1", 200, "hello, world\n", "Content-Type",
       "text/plain; charset=utf-8"},
      {"GET", "/hello/J%C3%B6rg", 200, "hello, J\xC3\xB6rg\n", "", ""},
      {"GET", "/hello/a%2Fb", 200, "hello, a/b\n", "", ""},
      {"GET", "/tree/any/where", 200, "hello, world\n", "", ""},
      {"HEAD", "/hello/world", 200, "", "Content-Length", "13"},
      {"GET", "/nothing", 404, std::nullopt, "Content-Type", "text/plain; charset=utf-8"},
      {"DELETE", "/hello/world", 405, std::nullopt, "Allow", "GET, HEAD"},
      {"GET", "/echo", 405, std::nullopt, "Allow", "POST"},
      {"GET", "/tree", 301, std::nullopt, "Location", "/tree/"},
      {"GET", "/tree?a=b", 301, std::nullopt, "Location", "/tree/?a=b"},
      {"GET", "/hello/../hello//you", 301, std::nullopt, "Location", "/hello/you"},
  };
  Host host(usual());
  RawClient client = host.connect();  // one connection for all of them
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string(each.method) + " " + each.path);
    client.send(get(each.path, each.method));
    const Reply reply = client.read_reply(std::string(each.method) == "HEAD");
    EXPECT_EQ(reply.status, each.status);
    EXPECT_TRUE(reply.whole);
    EXPECT_FALSE(reply.says_close());
    if (each.body) {
      EXPECT_EQ(reply.body, *each.body);
    }
    if (!each.field.empty()) {
      EXPECT_EQ(reply.field(each.field), each.value);
    }
    EXPECT_TRUE(reply.field("Date").has_value());
  }
}

TEST(Serve, TheHeadersOfARequestReachThePlugin) {
  Host host(usual());
  RawClient client = host.connect();
  client.send("GET /headers?x=1 HTTP/1.1\r\nHost: h:80\r\nX-One: a\r\nX-Two:   b c  \r\n\r\n");
  EXPECT_EQ(client.read_reply().body,
            "GET /headers?x=1 HTTP/1.1\nHost: h:80\nX-One: a\nX-Two: b c\n");
}

TEST(Serve, ARoutesConfigReachesItsHandler) {
  Host host(std::string(kListen) + R"(
plugins:
  hello: { file: hello.so }
routes:
  - { pattern: "GET /{name}", handler: hello, config: { greeting: "moin" } }
  - { pattern: "GET /other/{name}", handler: hello.hello }
)");
  RawClient client = host.connect();
  client.send(get("/you") + get("/other/you"));
  EXPECT_EQ(client.read_reply().body, "moin, you\n");
  EXPECT_EQ(client.read_reply().body, "hello, you\n");
}

TEST(Serve, PipelinedRequestsAreAnsweredInTheirOrder) {
  Host host(usual());
  RawClient client = host.connect();
  constexpr int kRequests = 300;
  std::string all;
  for (int i = 0; i < kRequests; ++i) all += get("/hello/" + std::to_string(i));
  client.send_in_pieces(all, 1000);  // requests are cut wherever a piece ends
  for (int i = 0; i < kRequests; ++i) {
    ASSERT_EQ(client.read_reply().body, "hello, " + std::to_string(i) + "\n");
  }
}

TEST(Serve, AConnectionEndsWhereTheClientOrHttp10Wants) {
  Host host(usual());
  RawClient client = host.connect();
  client.send("GET /hello/a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(client.read_reply().says_close());
  EXPECT_TRUE(client.closed_in_silence());
  RawClient old = host.connect();
  old.send("GET /hello/a HTTP/1.0\r\n\r\n");
  EXPECT_EQ(old.read_reply().body, "hello, a\n");
  EXPECT_TRUE(old.closed_in_silence());
}

TEST(Serve, ABadRequestCostsItsConnectionAndNobodyElses) {
  Host host(usual());
  RawClient good = host.connect();
  good.send(get("/hello/one"));
  EXPECT_EQ(good.read_reply().status, 200);
  RawClient bad = host.connect();
  bad.send("GET /hello/x HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n");
  const Reply reply = bad.read_reply();
  EXPECT_EQ(reply.status, 400);
  EXPECT_TRUE(reply.says_close());
  EXPECT_TRUE(bad.closed_in_silence());
  good.send(get("/hello/two"));
  EXPECT_EQ(good.read_reply().body, "hello, two\n");
}

TEST(Serve, ListenersOfBothFamiliesAndRoutesThatNameOne) {
  Host host(R"(
listen:
  - { name: public, address: "127.0.0.1:0" }
  - { name: inner, address: "[::1]:0" }
  - { name: both, address: ":0" }
plugins:
  hello: { file: hello.so }
routes:
  - { pattern: "GET /hello/{name}", handler: hello.hello }
  - { pattern: "GET /inner", handler: hello.hello, listeners: [inner] }
)");
  struct Way {
    const char* listener;
    bool ipv6;
    int inner_status;
  };
  for (const Way& way : {Way{"public", false, 404}, Way{"inner", true, 200},
                         Way{"both", false, 404}, Way{"both", true, 404}}) {
    SCOPED_TRACE(std::string(way.listener) + (way.ipv6 ? " by IPv6" : " by IPv4"));
    RawClient client(host.port(way.listener), {.receive_buffer = {}, .ipv6 = way.ipv6});
    client.send(get("/hello/you") + get("/inner"));
    EXPECT_EQ(client.read_reply().body, "hello, you\n");
    EXPECT_EQ(client.read_reply().status, way.inner_status);
  }
}

}  // namespace
}  // namespace berth::e2e
