// The facets as a plugin's file has them: through dlopen, the ABI and real sockets.
#include <gtest/gtest.h>

#include <string>

#include "e2e/host.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

std::string content() {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i) + "\n";
  return text;
}

std::string configuration() {
  return std::string(kListen) + "plugins:\n  facets: { file: " BERTH_FACETS_PLUGIN R"( }
  hello: { file: hello.so }
routes:
  - { pattern: "GET /hello/{name}", handler: hello }
  - { pattern: "POST /flush", handler: facets.flusher }
  - { pattern: "GET /raw", handler: facets.hijacker, timeout: none }
  - { pattern: "POST /deadline", handler: facets.controller }
  - { pattern: "GET /file", handler: facets.file_sender, config: { file: big.txt } }
)";
}

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

TEST(Facets, AFlushedPartArrivesBeforeTheBodyIsSent) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(
      "POST /flush HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(client.wait_for("ready;"));
  client.send("body");
  EXPECT_EQ(client.read_reply().body, "ready;body");
}

TEST(Facets, AHijackedConnectionIsTheHandlersAlone) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/hello/you") + get("/raw") + "ahead;");
  EXPECT_EQ(client.read_reply().body, "hello, you\n");
  client.send("later;");
  client.half_close();
  EXPECT_EQ(client.read_until_close(), "ahead;later;goodbye\n");
}

TEST(Facets, AStopIsTheEndOfAHijackedConnectionsInput) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send(get("/raw") + "here");
  EXPECT_TRUE(client.wait_for("here"));
  (void)host.stop();
  EXPECT_EQ(client.read_until_close(), "heregoodbye\n");
}

TEST(Facets, AReadDeadlineEndsTheWaitForABody) {
  Host host(configuration());
  RawClient client = host.connect();
  client.send("POST /deadline HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 408);
  RawClient lifted = host.connect();
  lifted.send("POST /deadline?lifted HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  lifted.send("3\r\nabc\r\n0\r\n\r\n");
  EXPECT_EQ(lifted.read_reply().body, "abc");
}

TEST(Facets, APartOfAFileIsSentBetweenWhatIsWritten) {
  Host host(configuration());
  const std::string text = content();
  (void)host.folder().write("big.txt", text);  // of the working folder, as the host has it
  RawClient client = host.connect();
  for (const std::size_t size : {std::size_t{10}, std::size_t{500'000}}) {
    client.send(get("/file?offset=1000&size=" + std::to_string(size)));
    EXPECT_EQ(client.read_reply().body, "begin;" + text.substr(1000, size) + ";end");
  }
  client.send(get("/file?offset=0&size=1000000000"));
  EXPECT_FALSE(client.read_reply().whole);
}

}  // namespace
}  // namespace berth::e2e
