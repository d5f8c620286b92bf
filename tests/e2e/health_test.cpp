// The health listener and routes that keep out of the access log.
#include <gtest/gtest.h>

#include <csignal>
#include <string>
#include <string_view>

#include "e2e/host.h"
#include "net/listener.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

std::string with_health(std::string_view more = {}) {
  return std::string(R"(
listen:
  - { name: public, address: "127.0.0.1:0" }
  - { name: health, unix: ./health.sock, health: true }
)")
      .append(R"(
plugins:
  hello: { file: hello.so }
routes:
  - { pattern: "GET /hello/{name}", handler: hello.hello }
  - { pattern: "GET /quiet/{name}", handler: hello.hello, access_log: false }
)")
      .append(more);
}

Reply ask(const Host& host, std::string_view path, std::string_view method = "GET") {
  RawClient client(net::UnixAddress::parse(host.folder().path() + "/health.sock").value());
  client.send(std::string(method).append(" ").append(path).append(
      " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  return client.read_reply(method == "HEAD");
}

TEST(Health, ALivingServerIsAliveAndReady) {
  Host host(with_health());
  for (const std::string_view path : {"/livez", "/readyz", "/healthz"}) {
    const Reply reply = ask(host, path);
    EXPECT_EQ(reply.status, 200) << path;
    EXPECT_EQ(reply.body, "ok\n");
    EXPECT_TRUE(reply.has("Cache-Control", "no-store"));
    EXPECT_EQ(ask(host, path, "HEAD").status, 200);
    const Reply refused = ask(host, path, "POST");
    EXPECT_EQ(refused.status, 405);
    EXPECT_TRUE(refused.has("Allow", "GET, HEAD"));
  }
}

TEST(Health, TellsTheStatesOfConnections_G19) {
  Host host(with_health());
  RawClient client = host.connect();
  client.send("GET /hello/you HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
  const Reply reply = ask(host, "/connections");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "new 0\nactive 1\nidle 1\nhijacked 0\nclosed 0\n") << "one asks";
}

TEST(Health, ItsListenerAndTheRoutesKeepApart) {
  Host host(with_health());
  EXPECT_EQ(ask(host, "/hello/you").status, 404);
  RawClient client = host.connect();
  client.send("GET /livez HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 404);
}

TEST(Health, DuringTheDrainDelayItIsAliveButNotReady) {
  Host host(with_health("timeouts: { drain_delay: 1h }\n"));
  EXPECT_EQ(ask(host, "/readyz").status, 200);
  host.child().signal(SIGTERM);
  while (ask(host, "/readyz").status == 200) {
  }
  const Reply reply = ask(host, "/readyz");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.body, "stopping\n");
  EXPECT_EQ(ask(host, "/livez").status, 200);
  RawClient client = host.connect();
  client.send("GET /hello/you HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
  host.child().signal(SIGTERM);  // the second one ends the delay
}

TEST(AccessLog, ARouteMayKeepOutOfIt) {
  Host host(with_health());
  for (const std::string_view path : {"/quiet/a", "/hello/b", "/quiet/c"}) {
    RawClient client = host.connect();
    client.send(std::string("GET ").append(path).append(
        " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
    EXPECT_EQ(client.read_reply().status, 200);
  }
  EXPECT_EQ(ask(host, "/livez").status, 200);
  (void)host.stop();
  const std::string& lines = host.child().out();
  EXPECT_NE(lines.find("GET /hello/b"), std::string::npos);
  EXPECT_EQ(lines.find("/quiet/"), std::string::npos);
  EXPECT_EQ(lines.find("/livez"), std::string::npos);
}

}  // namespace
}  // namespace berth::e2e
