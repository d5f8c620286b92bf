// What of a plugin runs when the server ends: atexit(3) and static destructors, or none of it.
#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "e2e/host.h"

namespace berth::e2e {
namespace {

// ThreadSanitizer takes atexit() over, for the whole process.
#ifdef __SANITIZE_THREAD__
constexpr bool kKeepsAtExit = true;
#else
constexpr bool kKeepsAtExit = false;
#endif

std::string configuration() {
  return std::string(R"(
listen:
  - { name: public, address: "127.0.0.1:0" }
timeouts: { shutdown: 100ms }
plugins:
  farewell: { file: )" BERTH_FAREWELL_PLUGIN R"( }
routes:
  - { pattern: "GET /{how}", handler: farewell.stays, timeout: none }
)");
}

std::string said_behind_stopping(Host& host) {
  host.child().signal(SIGTERM);
  EXPECT_EQ(host.child().wait(), 0) << host.child().err();
  // The process that has loaded the plugin to try it has said its own before.
  const std::string log = host.child().err().substr(host.child().err().find(" info serving "));
  std::string said;
  for (std::size_t at = log.find("farewell: "); at != std::string::npos;
       at = log.find("farewell: ", at + 1)) {
    said += log.substr(at, log.find('\n', at) + 1 - at);
  }
  return said;
}

// Whether it is unloaded or the process ends first: each once, and in its order.
TEST(Farewell, AStopInOrderRunsAllThatAPluginHasLeft_F65) {
  Host host(configuration());
  test::RawClient client = host.connect();
  EXPECT_TRUE(client.send("GET /once HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(client.read_reply().status, 200);
  const std::string at_exit = kKeepsAtExit ? "" : "farewell: atexit\n";
  EXPECT_EQ(said_behind_stopping(host), "farewell: stop\n" + at_exit + "farewell: static\n");
}

TEST(Farewell, WhereAHandlerNeverReturnsNothingIsTakenDownUnderIt_F65) {
  Host host(configuration());
  test::RawClient client = host.connect();
  EXPECT_TRUE(client.send("GET /for-ever HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_TRUE(host.child().wait_for("it stays\n"));
  EXPECT_EQ(said_behind_stopping(host), "");
}

}  // namespace
}  // namespace berth::e2e
