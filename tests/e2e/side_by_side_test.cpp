// What people do with one server at the same time, none of it at the cost of another: a browser on
// a page, nc on a line echo, and clients of handlers that sleep for 300 us, for 10 ms, and for
// 10 ms once in a hundred calls. No time is asserted: that everybody is answered is.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "e2e/host.h"
#include "support/sanitized.h"

namespace berth::e2e {
namespace {

using test::RawClient;
using test::Reply;

constexpr int kRounds = test::kSanitized ? 20 : 100;

// Few threads, so that what sleeps cannot have one for each of its clients.
std::string configuration() {
  return std::string(kListen) + R"(
plugins:
  hello: { file: hello.so }
  echo: { file: echo.so }
  files: { file: static_files.so }
  bench: { file: )" BERTH_BENCH_PLUGIN R"( }
routes:
  - { pattern: "GET /hello/{name}", handler: hello }
  - { pattern: "GET /static/{path...}", handler: files.directory, config: { root: ")" BERTH_WWW
                                R"(" } }
  - { pattern: "GET /lines", handler: echo.lines, timeout: none }
  - { pattern: "GET /300us", handler: bench.sleep, config: { microseconds: 300 } }
  - { pattern: "GET /10ms", handler: bench.sleep, config: { microseconds: 10000 } }
  - { pattern: "GET /rare", handler: bench.rare, config: { microseconds: 10000 } }
limits: { threads: 12, client_waits: 4 }
)";
}

std::string get(const std::string& path, const std::string& fields = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
}

// One connection, the same request again and again.
void ask(Host& host, const std::string& path, const std::string& body, int times) {
  RawClient client = host.connect();
  for (int i = 0; i < times; ++i) {
    ASSERT_TRUE(client.send(get(path))) << path;
    const Reply reply = client.read_reply();
    ASSERT_EQ(reply.status, 200) << path << ": " << reply.body;
    ASSERT_EQ(reply.body, body) << path;
  }
}

// A browser: six connections, a page and what it needs, then the same again to see whether it has
// changed.
void browse(Host& host) {
  std::vector<RawClient> connections;
  for (int i = 0; i < 6; ++i) connections.push_back(host.connect());
  for (int visit = 0; visit < kRounds / 10; ++visit) {
    std::size_t next = 0;
    for (const std::string path : {"/static/", "/static/style.css", "/static/missing.ico"}) {
      RawClient& connection = connections[next++ % connections.size()];
      connection.send(get(path, "Accept-Encoding: gzip, deflate, br\r\nAccept: text/html,*/*\r\n"));
    }
    next = 0;
    const Reply page = connections[next++].read_reply();
    EXPECT_EQ(page.status, 200);
    EXPECT_TRUE(page.has("Content-Type", "text/html; charset=utf-8"));
    EXPECT_TRUE(page.body.ends_with("</html>\n"));
    const Reply style = connections[next++].read_reply();
    EXPECT_EQ(style.status, 200);
    EXPECT_TRUE(style.has("Content-Type", "text/css; charset=utf-8"));
    EXPECT_EQ(connections[next++].read_reply().status, 404);
    const auto changed = page.field("Last-Modified");
    ASSERT_TRUE(changed.has_value());
    connections[next].send(get("/static/", "If-Modified-Since: " + *changed + "\r\n"));
    const Reply again = connections[next].read_reply();
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.body, "");
  }
}

// The program itself, as a person would use it.
void talk(std::uint16_t port) {
  const Outcome said = run({"/bin/sh", "-c",
                            "printf 'GET /lines HTTP/1.1\\r\\nHost: h\\r\\n\\r\\none\\ntwo\\n' | "
                            "nc -N 127.0.0.1 " +
                                std::to_string(port)});
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_TRUE(said.out.starts_with("HTTP/1.1 200 OK\r\n")) << said.out;
  EXPECT_TRUE(said.out.ends_with("\r\n\r\none\ntwo\ngoodbye\n")) << said.out;
}

TEST(SideBySide, EverybodyIsServedWhileHandlersBlock) {
  Host host(configuration());
  const std::uint16_t port = host.port();
  RawClient conversation = host.connect();  // open all the time
  conversation.send(get("/lines") + "hello\n");
  EXPECT_TRUE(conversation.wait_for("\r\n\r\nhello\n"));

  std::vector<std::thread> clients;
  const auto each = [&](int count, const std::function<void()>& client) {
    for (int i = 0; i < count; ++i) clients.emplace_back(client);
  };
  each(8, [&] { ask(host, "/300us", "hello, world\n", kRounds); });
  each(8, [&] { ask(host, "/10ms", "hello, world\n", kRounds / 4); });
  each(4, [&] { ask(host, "/rare", "hello, world\n", kRounds); });
  each(4, [&] { ask(host, "/hello/you", "hello, you\n", 2 * kRounds); });
  each(1, [&] { browse(host); });
  each(1, [&] {
    for (int i = 0; i < 3; ++i) talk(port);
  });
  for (std::thread& client : clients) client.join();

  conversation.send("still there?\n");
  EXPECT_TRUE(conversation.wait_for("\nstill there?\n"));
  conversation.half_close();
  EXPECT_TRUE(conversation.read_reply().body.ends_with("still there?\ngoodbye\n"));
  EXPECT_EQ(host.stop().find(" error "), std::string::npos);
}

}  // namespace
}  // namespace berth::e2e
