// Each way in which a plugin can end its host: the report says who it was, and what happened.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "e2e/busy_client.h"
#include "e2e/host.h"
#include "support/raw_client.h"

namespace berth::e2e {
namespace {

// What the sanitizers do themselves, and never comes to the C library's allocator.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

std::string configuration(std::string_view plugin = {}, std::string_view more = {}) {
  return std::string(kListen)
      .append("on_crash: abort\n")
      .append("plugins:\n  hello: { file: hello.so }\n  request_id: { file: request_id.so }\n")
      .append("  boom: { file: " BERTH_CRASH_PLUGIN)
      .append(plugin)
      .append(" }\nroutes:\n")
      .append("  - { pattern: \"GET /hello/{name}\", handler: hello.hello }\n")
      .append("  - { pattern: \"GET /now/{how}\", handler: boom.now, with: [request_id.assign] }\n")
      .append("  - { pattern: \"GET /stream/{how}\", handler: boom.stream }\n")
      .append("  - { pattern: \"GET /line/{how}\", handler: boom.line }\n")
      .append("  - { pattern: \"POST /body/{how}\", handler: boom.body }\n")
      .append("  - { pattern: \"GET /around/\", handler: hello.hello, with: [boom.around] }\n")
      .append(more);
}

// The value of a line "key: value" of a report; "none" where there is no such line.
std::string value(const std::string& report, const std::string& key) {
  const std::size_t at = ("\n" + report).find("\n" + key + ": ");
  if (at == std::string::npos) return "none";
  const std::size_t begin = at + key.size() + 2;
  return report.substr(begin, report.find('\n', begin) - begin);
}

// The one report that was left behind, as `berth crashes` shows it.
std::string report_in(const Folder& folder) {
  const Outcome list = berth(folder, {"crashes"});
  EXPECT_EQ(list.code, 0) << list.err;
  const std::vector<std::string_view> lines = expect_printable_lines(list.out);
  EXPECT_EQ(lines.size(), 2U) << list.out;
  if (lines.size() != 2) return {};
  const std::string name(lines[1].substr(0, lines[1].find(' ')));
  const Outcome shown = berth(folder, {"crashes", name});
  EXPECT_EQ(shown.code, 0) << shown.err;
  expect_printable_lines(shown.out);
  return shown.out;
}

std::string build_id_of(const Folder& folder, const std::string& plugin) {
  const std::string text = berth(folder, {"plugin", "inspect", plugin, "--json"}).out;
  const std::string key = "\"build_id\":";
  const std::size_t begin = text.find('"', text.find(key) + key.size()) + 1;
  return text.substr(begin, text.find('"', begin) - begin);
}

// Starts it, has `use` ask it, waits for its end, which is that of `end`, and gives its report.
template <class Use>
std::string crash(const std::string& configured, int end, const Use& use) {
  Host host(configured, Host::Alone{});
  const std::string process = std::to_string(host.child().pid());
  use(host);
  const int code = host.child().wait();
  if (!kSanitized) {
    EXPECT_EQ(code, end) << host.child().err();
  }
  EXPECT_NE(host.child().err().find("\nberth: crash report\n"), std::string::npos)
      << host.child().err();
  std::string report = report_in(host.folder());
  EXPECT_EQ(value(report, "process"), process) << report;
  if (value(report, "plugin") == "boom") {
    EXPECT_EQ(value(report, "version"), "4.5.6") << report;
    EXPECT_EQ(value(report, "build_id"), build_id_of(host.folder(), BERTH_CRASH_PLUGIN)) << report;
  }
  return report;
}

void get(Host& host, const std::string& target, const std::string& fields = {}) {
  test::RawClient client = host.connect();
  client.send("GET " + target + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n");
  (void)client.read_until_close();
}

struct Way {
  std::string how;
  int end;
  std::string what;  // how it begins
  std::string suspect = "none";
  std::string names = {};  // a function that the backtrace names; empty: any
  bool of_allocator = false;
};

TEST(Crashes, AHandlersIsToldWithItsPluginRouteAndRequest_F57) {
  const std::string abort = "SIGABRT: ";
  const std::vector<Way> ways = {
      {"null", 128 + SIGSEGV, "SIGSEGV: wrote to address 0x0, a null pointer", "none",
       "(anonymous namespace)::null_write()"},
      {"wild", 128 + SIGSEGV, "SIGSEGV: read from address 0x10000, where nothing is", "none",
       "(anonymous namespace)::wild_read()"},
      {"noncanonical", 128 + SIGSEGV, "SIGSEGV: read from an address that no memory can have"},
      {"overflow", 128 + SIGSEGV, "SIGSEGV: the stack ran over", "none",
       "(anonymous namespace)::overflow(int)"},
      {"divide", 128 + SIGFPE, "SIGFPE: an integer division by zero"},
      {"illegal", 128 + SIGILL, "SIGILL: an instruction that this processor does not have"},
      {"breakpoint", 128 + SIGTRAP, "SIGTRAP: a breakpoint", "none",
       "(anonymous namespace)::breakpoint()"},
      {"call", 128 + SIGSEGV, "SIGSEGV: jumped to address 0x20, a null pointer",
       "a call by a pointer that was wrong or overwritten: there is no code at the fault",
       "(anonymous namespace)::wild_call()"},
      {"abort", 128 + SIGABRT, abort + "abort() was called", "none", "abort + "},
      {"assert", 128 + SIGABRT, abort + "berth: ", "none",
       "(anonymous namespace)::failed_assert()"},
      {"terminate", 128 + SIGABRT,
       abort + "std::terminate() for std::runtime_error: nobody catches me"},
      {"raise", 128 + SIGSEGV, "SIGSEGV: sent by this process itself"},
      {"kill", 128 + SIGSEGV, "SIGSEGV: sent by this process itself"},
      {"free_twice", 128 + SIGABRT, abort + "free(): double free detected",
       "heap corruption: the allocator found what others had written over, perhaps long ago",
       "(anonymous namespace)::free_twice()", true},
      {"overrun", 128 + SIGABRT, abort + "double free or corruption",
       "heap corruption: the allocator found what others had written over, perhaps long ago",
       "(anonymous namespace)::overrun()", true},
  };
  for (const Way& way : ways) {
    SCOPED_TRACE(way.how);
    if (way.of_allocator && kSanitized) continue;
    const std::string report = crash(configuration(), way.end, [&](Host& host) {
      get(host, "/now/" + way.how + "?x=%22", "X-Request-Id: rid-42\r\n");
    });
    EXPECT_TRUE(value(report, "what").starts_with(way.what)) << report;
    EXPECT_EQ(value(report, "plugin"), "boom") << report;
    EXPECT_EQ(value(report, "known_by"), "the thread was inside a call into it") << report;
    EXPECT_EQ(value(report, "generation"), "1") << report;
    EXPECT_EQ(value(report, "route"), "GET /now/{how}") << report;
    EXPECT_EQ(value(report, "request"), "GET /now/" + way.how + "?x=%22") << report;
    EXPECT_EQ(value(report, "request_id"), "rid-42") << report;
    EXPECT_EQ(value(report, "suspect"), way.suspect) << report;
    EXPECT_EQ(value(report, "decided"), "the process ends") << report;
    EXPECT_EQ(value(report, "note"), "none") << report;
    EXPECT_NE(report.find(way.names.empty() ? " crash." : " in " + way.names), std::string::npos)
        << report;
  }
}

TEST(Crashes, APluginThatEndsTheProcessIsTold_F61) {
  struct Row {
    std::string how;
    int code;
    std::string what;
  };
  const std::vector<Row> rows = {{"exit", 3, "exit(3)"},
                                 {"underscore_exit", 4, "_exit(4)"},
                                 {"big_exit", 5, "_Exit(5)"},
                                 {"quick_exit", 6, "quick_exit(6)"}};
  for (const Row& row : rows) {
    SCOPED_TRACE(row.how);
    const std::string report =
        crash(configuration(), row.code, [&](Host& host) { get(host, "/now/" + row.how); });
    EXPECT_EQ(value(report, "what"), row.what + " was called: a plugin is not to end the process");
    EXPECT_EQ(value(report, "plugin"), "boom") << report;
    EXPECT_EQ(value(report, "route"), "GET /now/{how}") << report;
    EXPECT_EQ(value(report, "request"), "GET /now/" + row.how) << report;
    EXPECT_EQ(value(report, "decided"), "the process ends, as it was told to") << report;
  }
}

TEST(Crashes, AChildThatAPluginHasForkedMayEndAsItLikes_F62) {
  Host host(configuration(), Host::Alone{});
  test::RawClient client = host.connect();
  client.send("GET /now/fork_exit HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.read_reply().status, 200);
  EXPECT_EQ(host.hello("again"), "hello, again\n");
  EXPECT_EQ(berth(host.folder(), {"crashes"}).out,
            "no crash reports in " + host.folder().path() + "/state/crashes\n");
}

TEST(Crashes, AForkedChildThatReturnsFromItsHandlerServesNobody_F62) {
  Host host(configuration(), Host::Alone{});
  for (int i = 0; i < 3; ++i) {
    test::RawClient client = host.connect();
    client.send(
        "GET /now/fork HTTP/1.1\r\nHost: h\r\n\r\n"
        "GET /hello/once HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.read_reply().body, "still here\n");
    EXPECT_EQ(client.read_reply().body, "hello, once\n");
    EXPECT_EQ(client.read_all().size(), 0U) << "from nobody else";
  }
  const std::string log = host.stop();
  const std::string line = "the plugin called fork(), where only exec or _exit may follow";
  const std::size_t told = log.find(line);
  ASSERT_NE(told, std::string::npos) << log;
  EXPECT_NE(log.find("plugin=boom", told), std::string::npos) << log;
  EXPECT_EQ(log.find(line, told + 1), std::string::npos) << "once for each plugin";
}

TEST(Crashes, AForkedChildThatReturnsFromAThreadOfThePluginEndsThere_F62) {
  Host host(configuration(), Host::Alone{});
  for (const std::string how : {"thread_fork", "thread_fork_exit"}) {
    SCOPED_TRACE(how);
    test::RawClient client = host.connect();
    client.send("GET /now/" + how + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(client.read_reply().body, "still here\n");
  }
  EXPECT_EQ(berth(host.folder(), {"crashes"}).out,
            "no crash reports in " + host.folder().path() + "/state/crashes\n");
}

TEST(Crashes, OutsideOfAHandlerTheyAreToldToo_F57) {
  const std::string null = "SIGSEGV: wrote to address 0x0, a null pointer";
  struct Row {
    std::string name;
    std::string configuration;
    std::string target;  // that is asked for; empty: none is
    std::string fields;
    std::string plugin;
    std::string route;
    std::string request;
  };
  const std::vector<Row> rows = {
      {"a thread of its own", configuration(), "/now/thread", "", "boom", "none", "none"},
      {"a background task", configuration(), "/now/task", "", "boom", "none", "none"},
      {"a timer", configuration(), "/now/timer", "", "boom", "none", "none"},
      {"a stream", configuration(), "/stream/null", "", "boom", "GET /stream/{how}",
       "GET /stream/null"},
      {"middleware behind next()", configuration(), "/around/", "How: null\r\n", "boom",
       "GET /around/", "GET /around/"},
      {"a thread of its own that blocks every signal", configuration(), "/now/thread_blocks_all",
       "", "boom", "none", "none"},
      {"a signal that a thread of its own sends", configuration(), "/now/thread_kill", "", "boom",
       "none", "none"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const std::string report = crash(row.configuration, 128 + SIGSEGV, [&](Host& host) {
      if (!row.target.empty()) get(host, row.target, row.fields);
    });
    EXPECT_EQ(value(report, "what"),
              row.target == "/now/thread_kill" ? "SIGSEGV: sent by this process itself" : null)
        << report;
    EXPECT_EQ(value(report, "plugin"), row.plugin) << report;
    EXPECT_EQ(value(report, "route"), row.route) << report;
    EXPECT_EQ(value(report, "request"), row.request) << report;
  }
}

TEST(Crashes, OfAHandlerThatTookItsConnectionOverIsTold_F57) {
  const std::string report = crash(configuration(), 128 + SIGSEGV, [](Host& host) {
    test::RawClient client = host.connect();
    client.send("GET /line/null HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_TRUE(client.wait_for("\r\n\r\n"));
    client.send("now\n");
    (void)client.read_until_close();
  });
  EXPECT_EQ(value(report, "plugin"), "boom") << report;
  EXPECT_EQ(value(report, "route"), "GET /line/{how}") << report;
  EXPECT_EQ(value(report, "request"), "GET /line/null") << report;
}

// Before the host serves: without a probe, which would have refused it.
TEST(Crashes, WhileItIsMadeOrStartedAreTold_F57) {
  const std::string made = configuration(
      ", probe: off",
      "  - { pattern: \"GET /made\", handler: boom.made, config: { how: \"null\" } }\n");
  const std::string started = configuration(", probe: off, config: { start: abort }");
  for (const std::string& configured : {made, started}) {
    const Folder folder;
    const Outcome outcome =
        berth(folder, {"run", "--allow-root", "-c", folder.write("berth.yaml", configured)});
    EXPECT_NE(outcome.code, 0);
    const std::string report = report_in(folder);
    EXPECT_EQ(value(report, "plugin"), "boom") << report;
    EXPECT_EQ(value(report, "version"), "4.5.6") << report;
    EXPECT_EQ(value(report, "generation"), "1") << report;
    EXPECT_EQ(value(report, "request"), "none") << report;
  }
}

TEST(Crashes, AreShownAsJsonToo) {
  Host host(configuration(), Host::Alone{});
  get(host, "/now/abort");
  (void)host.child().wait();
  const std::string list = berth(host.folder(), {"crashes", "--json"}).out;
  EXPECT_TRUE(list.starts_with("[{\"name\":\"")) << list;
  EXPECT_NE(list.find("\"what\":\"SIGABRT: abort() was called\",\"plugin\":\"boom\""),
            std::string::npos)
      << list;
  EXPECT_NE(list.find("\"backtrace\":[\"#0 0x"), std::string::npos) << list;
  const Outcome none = berth(host.folder(), {"crashes", "../berth.yaml"});
  EXPECT_EQ(none.code, 1);
  EXPECT_EQ(none.err, "berth: error: no crash report has that name: ../berth.yaml\n");
}

constexpr std::string_view kHello = "GET /hello/you HTTP/1.1\r\nHost: h\r\n\r\n";

std::string draining(std::string configured) {
  const std::string abort = "on_crash: abort\n";
  return configured.replace(configured.find(abort), abort.size(), "on_crash: drain\n");
}

TEST(CrashDrain, TheGuiltyGetsA500AndNobodyElseNoticesAnything) {
  for (const std::string how : {"null", "divide", "terminate"}) {
    SCOPED_TRACE(how);
    Host host(draining(configuration()));
    const std::uint16_t port = host.port();
    {
      std::deque<BusyClient> clients;
      for (int i = 0; i < 8; ++i) clients.emplace_back(port, kHello);
      const auto all = [&clients](int least) {
        return std::all_of(clients.begin(), clients.end(),
                           [least](const BusyClient& client) { return client.answered() > least; });
      };
      while (!all(10)) std::this_thread::yield();
      test::RawClient guilty(port);
      ASSERT_TRUE(guilty.send("GET /now/" + how + " HTTP/1.1\r\nHost: h\r\n\r\n"));
      const test::Reply reply = guilty.read_reply();
      EXPECT_EQ(reply.status, 500);
      EXPECT_TRUE(reply.whole);
      EXPECT_TRUE(reply.says_close());
      host.child().wait_for(" info serving ", 2);
      std::vector<int> before;
      for (const BusyClient& client : clients) before.push_back(client.answered());
      while (!all(*std::max_element(before.begin(), before.end()) + 10)) std::this_thread::yield();
      for (BusyClient& client : clients) client.end();
      for (const BusyClient& client : clients) EXPECT_EQ(client.failed(), 0);
    }
    host.child().signal(SIGTERM);
    EXPECT_EQ(host.child().wait(), 0);
    const std::string report = report_in(host.folder());
    EXPECT_EQ(value(report, "decided"),
              "others finish what they have in flight, then the process ends");
  }
}

TEST(CrashDrain, ACrashWhileTheServerStopsIsAnsweredAndNoStopInOrder) {
  Host host(draining(configuration()));
  test::RawClient upload = host.connect();
  ASSERT_TRUE(upload.send(
      "POST /body/null HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(upload.read_reply().status, 100);
  host.child().signal(SIGTERM);
  EXPECT_TRUE(host.child().wait_for(" info stopping "));
  ASSERT_TRUE(upload.send("null"));
  EXPECT_EQ(upload.read_reply().status, 500);
  EXPECT_EQ(host.child().wait(), 1);
  EXPECT_EQ(value(report_in(host.folder()), "what").substr(0, 7), "SIGSEGV");
}

// The client does not wait until that is over.
TEST(CrashDrain, ACrashBeforeTheServerStopsToAcceptIsDrainedAtOnce) {
  Host host(draining(configuration({}, "timeouts: { drain_delay: 1h }\n")), Host::Alone{});
  host.child().signal(SIGTERM);
  EXPECT_TRUE(host.child().wait_for(" info stopping "));
  test::RawClient guilty = host.connect();
  ASSERT_TRUE(guilty.send("GET /now/null HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(guilty.read_reply().status, 500);
  EXPECT_NE(host.child().wait(), 0);
}

TEST(CrashDrain, TheProcessEndsOfTheFaultSoThatACoreShowsIt) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer ends the process in its own way";
  Host host(draining(configuration()), Host::Alone{});
  get(host, "/now/null");
  EXPECT_EQ(host.child().wait(), 128 + SIGSEGV);
}

TEST(CrashDrain, ASecondCrashEndsTheProcessAndHasAReportToo) {
  Host host(draining(configuration()), Host::Alone{});
  test::RawClient upload = host.connect();
  ASSERT_TRUE(
      upload.send("POST /body/divide HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: "
                  "100-continue\r\n\r\n"));
  EXPECT_EQ(upload.read_reply().status, 100);
  get(host, "/now/null");
  ASSERT_TRUE(upload.send("body"));
  (void)upload.read_until_close();
  const int code = host.child().wait();
  if (!kSanitized) {
    EXPECT_EQ(code, 128 + SIGFPE);
  }
  const Outcome list = berth(host.folder(), {"crashes"});
  const std::vector<std::string_view> lines = expect_printable_lines(list.out);
  ASSERT_EQ(lines.size(), 3U) << list.out;  // the newest first
  for (const auto& [line, what] : {std::pair(1, "SIGFPE"), std::pair(2, "SIGSEGV")}) {
    const std::string name(lines[static_cast<std::size_t>(line)]);
    const std::string report =
        berth(host.folder(), {"crashes", name.substr(0, name.find(' '))}).out;
    EXPECT_EQ(value(report, "what").substr(0, std::string_view(what).size()), what) << list.out;
    EXPECT_EQ(value(report, "plugin"), "boom");
  }
}

TEST(CrashDrain, WhatTheAllocatorFindsEndsTheProcessAtOnce) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer has its own allocator";
  Host host(draining(configuration()), Host::Alone{});
  get(host, "/now/free_twice");
  EXPECT_EQ(host.child().wait(), 128 + SIGABRT);
  EXPECT_EQ(value(report_in(host.folder()), "decided"), "the process ends");
}

// Nothing that a thread uses may be there any more.
TEST(Crashes, AFaultWhileThePluginEndsTheProcessCountsAgainstNobody) {
  Host host(configuration(), Host::Alone{});
  get(host, "/now/exit_and_crash");
  (void)host.child().wait();
  std::filesystem::path path;
  for (const auto& folder :
       std::filesystem::directory_iterator(host.folder().path() + "/state/generations")) {
    if (folder.is_directory()) path = folder.path() / "crashes";
  }
  std::ifstream ledger(path);
  std::string entry;
  EXPECT_TRUE(std::getline(ledger, entry));
  EXPECT_FALSE(std::getline(ledger, entry)) << entry;
}

// Its frames lie between the plugin's and those of the library that faults.
TEST(CrashDrain, AWrongPointerThatWasGivenToTheHostEndsTheProcessAtOnce) {
  Host host(draining(configuration()), Host::Alone{});
  get(host, "/now/given");
  EXPECT_NE(host.child().wait(), 0);
  const std::string report = report_in(host.folder());
  EXPECT_EQ(value(report, "plugin"), "boom") << report;
  EXPECT_EQ(value(report, "decided"), "the process ends") << report;
  EXPECT_TRUE(value(report, "suspect").starts_with("heap corruption, or a wrong pointer that was "))
      << report;
}

TEST(CrashQuarantine, ThreeCrashesOfAPluginCloseItsRoutesAndTheOthersServe_L22) {
  Host host(draining(configuration()));
  for (int i = 0; i < 3; ++i) {
    test::RawClient guilty = host.connect();
    ASSERT_TRUE(guilty.send("GET /now/null?" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n"));
    EXPECT_EQ(guilty.read_reply().status, 500);
    host.child().wait_for(" info serving ", static_cast<std::size_t>(i) + 2);
  }
  test::RawClient guilty = host.connect();
  ASSERT_TRUE(guilty.send("GET /now/null?3 HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_EQ(guilty.read_reply().status, 503);
  EXPECT_EQ(host.hello("you"), "hello, you\n");
  EXPECT_NE(berth(host.folder(), {"status"}).out.find("quarantined"), std::string::npos);
  host.child().signal(SIGTERM);
  EXPECT_EQ(host.child().wait(), 0);
}

}  // namespace
}  // namespace berth::e2e
