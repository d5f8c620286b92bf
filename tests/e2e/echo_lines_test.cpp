// The hijacked echo as a person with nc uses it.
#include <gtest/gtest.h>

#include <string>

#include "e2e/host.h"

namespace berth::e2e {
namespace {

using test::RawClient;

std::string configuration() {
  return std::string(kListen) + R"(
plugins:
  hello: { file: hello.so }
  echo: { file: echo.so }
routes:
  - { pattern: "GET /hello/{name}", handler: hello }
  - { pattern: "GET /lines", handler: echo.lines, timeout: none }
  - { pattern: "GET /impatient", handler: echo.lines, timeout: none, config: { idle: 1ms } }
limits: { threads: 8, client_waits: 2 }
)";
}

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

TEST(EchoLines, AnswersLineByLineUntilTheClientEndsItsSide) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/lines") + "one\n");
  EXPECT_TRUE(client.wait_for("\r\n\r\none\n"));
  client.send("tw");
  client.send("o\n");
  EXPECT_TRUE(client.wait_for("\none\ntwo\n"));
  client.half_close();
  const test::Reply reply = client.read_reply();  // ends with the connection
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "one\ntwo\ngoodbye\n");
  EXPECT_EQ(reply.problem, "");
}

TEST(EchoLines, EndsASilentConversation) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/impatient"));
  EXPECT_EQ(client.read_reply().body, "nothing came for too long, goodbye\n");
}

TEST(EchoLines, OthersAreServedAndTooManyAreRefused) {
  Host host(configuration());
  RawClient one = host.connect();
  RawClient two = host.connect();
  for (RawClient* client : {&one, &two}) {
    client->send(get("/lines") + "hi\n");
    EXPECT_TRUE(client->wait_for("\nhi\n"));
  }
  RawClient three = host.connect();
  three.send(get("/lines"));
  EXPECT_EQ(three.read_reply().status, 503);
  EXPECT_EQ(host.hello("you"), "hello, you\n");
  two.close();
  one.send("still here\n");
  EXPECT_TRUE(one.wait_for("\nstill here\n"));
}

TEST(EchoLines, AStopSaysGoodbye) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/lines") + "hi\n");
  EXPECT_TRUE(client.wait_for("\nhi\n"));
  (void)host.stop();
  EXPECT_EQ(client.read_reply().body, "hi\ngoodbye\n");
}

}  // namespace
}  // namespace berth::e2e
