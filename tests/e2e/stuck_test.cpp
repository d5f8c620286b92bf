// Calls of handlers that do not return: told once each, with the stack, and not once they are back.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "e2e/host.h"
#include "support/raw_client.h"

namespace berth::e2e {
namespace {

// ThreadSanitizer holds a signal back until its thread calls something that may wait.
#if defined(__SANITIZE_THREAD__)
constexpr bool kSignalsWait = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kSignalsWait = true;
#else
constexpr bool kSignalsWait = false;
#endif
#else
constexpr bool kSignalsWait = false;
#endif

constexpr std::string_view kTold = " warn a handler does not return ";

std::string configuration() {
  return std::string(kListen)
      .append("plugins:\n  hello: { file: hello.so }\n  shop: { file: " BERTH_STUCK_PLUGIN " }\n")
      .append("routes:\n")
      .append("  - { pattern: \"GET /hello/{name}\", handler: hello.hello }\n")
      .append("  - { pattern: \"GET /free\", handler: shop.frees }\n")
      .append("  - { pattern: \"GET /stay/{how}\", handler: shop.stays, timeout: 20ms }\n");
}

// The lines of the log that hold a text.
std::vector<std::string> lines_with(const std::string& log, std::string_view text) {
  std::vector<std::string> lines;
  for (const std::string_view line : expect_printable_lines(log)) {
    if (line.find(text) != std::string_view::npos) lines.emplace_back(line);
  }
  return lines;
}

// The value of key=value in a line; "none": it has no such key.
std::string value(const std::string& line, const std::string& key) {
  const std::size_t at = line.find(" " + key + "=");
  if (at == std::string::npos) return "none";
  const std::size_t begin = at + key.size() + 2;
  const bool quoted = line[begin] == '"';
  return quoted ? line.substr(begin + 1, line.find('"', begin + 1) - begin - 1)
                : line.substr(begin, line.find(' ', begin) - begin);
}

test::RawClient ask(Host& host, const std::string& target) {
  test::RawClient client = host.connect();
  client.send("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
  return client;
}

// The lines about the one call that has this target; the host has told that many calls so far.
struct Report {
  std::string call;
  std::vector<std::string> frames;
};
Report report_of(Host& host, const std::string& target, std::size_t calls) {
  EXPECT_TRUE(host.child().wait_for(kTold, calls));
  // Behind the stack, which is of the same thread.
  EXPECT_EQ(host.hello("you"), "hello, you\n");
  Report report;
  for (const std::string& line : lines_with(host.child().err(), kTold)) {
    if (value(line, "target") == target) report.call = line;
  }
  const std::string thread = value(report.call, "thread");
  for (const std::string& line : lines_with(host.child().err(), " where it stands ")) {
    if (value(line, "thread") == thread) report.frames.push_back(value(line, "frame"));
  }
  return report;
}

bool any_names(const std::vector<std::string>& frames, std::string_view function) {
  return std::any_of(frames.begin(), frames.end(), [function](const std::string& frame) {
    return frame.find(function) != std::string::npos;
  });
}

struct Way {
  std::string how;
  std::string state;
  std::string names;  // what its stack does
};

TEST(StuckCalls, IsToldWithItsPluginRouteRequestAndStack_F58_F59) {
  const std::vector<Way> ways = {{"waits", "waits", "(anonymous namespace)::wait_for_ever()"},
                                 {"spins", "runs", "(anonymous namespace)::spin_for_ever()"}};
  for (const Way& way : ways) {
    SCOPED_TRACE(way.how);
    Host host(configuration());
    const std::string target = "/stay/" + way.how;
    test::RawClient client = ask(host, target);
    if (kSignalsWait) {
      ASSERT_TRUE(host.child().wait_for(kTold));
    } else {
      ASSERT_TRUE(host.child().wait_for(" where it stands "));
      ASSERT_TRUE(host.child().wait_for("berth::plugin::PluginHandler::serve("));
      const Report report = report_of(host, target, 1);
      EXPECT_EQ(value(report.call, "plugin"), "shop") << report.call;
      EXPECT_EQ(value(report.call, "version"), "7.8.9") << report.call;
      EXPECT_EQ(value(report.call, "generation"), "1") << report.call;
      EXPECT_EQ(value(report.call, "route"), "GET /stay/{how}") << report.call;
      EXPECT_EQ(value(report.call, "method"), "GET") << report.call;
      EXPECT_EQ(value(report.call, "request_id"), "rid-" + way.how) << report.call;
      EXPECT_EQ(value(report.call, "state"), way.state) << report.call;
      EXPECT_GE(std::stod(value(report.call, "age_seconds")), 1.0) << report.call;
      ASSERT_FALSE(report.frames.empty());
      EXPECT_TRUE(report.frames[0].starts_with("#0 0x")) << report.frames[0];
      EXPECT_TRUE(any_names(report.frames, way.names));
    }
    EXPECT_TRUE(ask(host, "/free").wait_for("open\n"));
    EXPECT_EQ(lines_with(host.stop(), kTold).size(), 1U) << "once";
  }
}

TEST(StuckCalls, OfOnePluginLeaveThreadsToTheOthers_F58) {
  // Twelve for one plugin, and as many more as there are loops that begin such a call at a time.
  Host host(configuration() + "limits: { threads: 16 }\ntimeouts: { shutdown: 100ms }\n");
  std::vector<test::RawClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(ask(host, "/stay/waits"));
  ASSERT_TRUE(host.child().wait_for(
      " warn calls of a plugin keep all threads that it may have: its other requests wait "
      "plugin=shop threads=1"));
  // Its route is new, so it is not served where no thread could take the loop over.
  EXPECT_EQ(host.hello("you"), "hello, you\n");
  (void)host.stop();
}

TEST(StuckCalls, AThreadThatDoesNotAnswerIsToldWithoutAStack_F58) {
  Host host(configuration(), Host::Alone{});
  test::RawClient client = ask(host, "/stay/deaf");
  ASSERT_TRUE(host.child().wait_for(kTold));
  const std::string line = lines_with(host.child().err(), kTold).at(0);
  EXPECT_EQ(value(line, "stack"), "the thread does not answer") << line;
  EXPECT_EQ(value(line, "state"), "waits") << line;
  EXPECT_EQ(value(line, "plugin"), "none") << line;
  EXPECT_TRUE(ask(host, "/free").wait_for("open\n"));
}

TEST(StuckCalls, TheStatusHasThemUntilTheyReturn_F58) {
  Host host(configuration());
  test::RawClient first = ask(host, "/stay/waits");
  test::RawClient second = ask(host, "/stay/waits");
  ASSERT_TRUE(host.child().wait_for(kTold, 2));
  const Outcome status = berth(host.folder(), {"status"});
  EXPECT_EQ(status.code, 0) << status.err;
  const std::size_t at = status.out.find("\nstuck ");
  ASSERT_NE(at, std::string::npos) << status.out;
  const std::string row = status.out.substr(at + 1, status.out.find('\n', at + 1) - at - 1);
  if (!kSignalsWait) {
    EXPECT_NE(row.find("shop: 2 calls, for "), std::string::npos) << row;
    const std::string json = berth(host.folder(), {"status", "--json"}).out;
    EXPECT_NE(json.find("\"route\":\"GET /stay/{how}\""), std::string::npos) << json;
  }
  EXPECT_TRUE(ask(host, "/free").wait_for("open\n"));
  // Looked at twice a second; whoever asks later still sees none.
  std::string now;
  do {
    now = berth(host.folder(), {"status"}).out;
  } while (now.find("\nstuck ") != std::string::npos);
  EXPECT_EQ(now.find("\nstuck "), std::string::npos) << now;
}

}  // namespace
}  // namespace berth::e2e
