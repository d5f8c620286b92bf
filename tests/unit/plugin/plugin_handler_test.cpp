#include "plugin/plugin_handler.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "fake_exchange.h"
#include "plugin/exchange_bridge.h"
#include "recording_sink.h"

namespace berth::plugin {
namespace {

// A handler in the test itself: what it returns after it wrote `text`.
struct Script {
  std::int32_t result = BERTH_OK;
  std::string text;
  bool destroyed = false;
};

std::int32_t serve_script(void* self, berth_request*, berth_response* response) {
  const auto& script = *static_cast<const Script*>(self);
  if (!script.text.empty()) {
    EXPECT_TRUE(response->writer.write(script.text).ok());
    EXPECT_TRUE(response->writer.flush().ok());
  }
  return script.result;
}

void destroy_script(void* self) { static_cast<Script*>(self)->destroyed = true; }

berth_handler table_of(Script& script) {
  return {sizeof(berth_handler), &script, serve_script, destroy_script};
}

struct Row {
  const char* description;
  std::int32_t result;
  const char* text;    // written and flushed before
  const char* answer;  // how it begins
  bool cut;
  bool logged;
};

TEST(PluginHandler, AnswersEachResultAsTheAbiSays) {
  const Row table[] = {
      {"done", BERTH_OK, "", "200\n", false, false},
      {"done with a body", BERTH_OK, "hello", "200\n", false, false},
      {"failed", BERTH_E_FAILED, "", "500\n", false, true},
      {"failed behind the head", BERTH_E_FAILED, "hello", "200\n", true, true},
      {"its own bug", BERTH_E_INVALID, "", "500\n", false, true},
      {"wrong state", BERTH_E_STATE, "", "500\n", false, true},
      {"too large", BERTH_E_TOO_LARGE, "", "413\n", false, false},
      {"too large behind the head", BERTH_E_TOO_LARGE, "hello", "200\n", true, false},
      {"the client's deadline", BERTH_E_TIMEOUT, "", "408\n", false, false},
      {"deferred is not offered", BERTH_DEFERRED, "", "500\n", false, true},
      {"nonsense", -4711, "", "500\n", false, true},
  };
  for (const Row& row : table) {
    RecordingSink sink;
    const HostTable host("alias", sink);
    Script script{row.result, row.text};
    const berth_handler table_of_script = table_of(script);
    FakeExchange exchange;
    {
      PluginHandler handler(table_of_script, "kind", "GET /a", host);
      exchange.run(handler);
    }
    EXPECT_TRUE(script.destroyed);
    const std::string& sent = exchange.transport.sent;
    EXPECT_TRUE(sent.starts_with(row.answer)) << row.description << ": " << sent;
    EXPECT_EQ(sent.ends_with("(aborted)"), row.cut) << row.description << ": " << sent;
    EXPECT_EQ(sink.take().size(), row.logged ? 1u : 0u) << row.description;
  }
}

TEST(PluginHandler, BehindTheHandlersDeadlineATimeoutIs503) {
  RecordingSink sink;
  const HostTable host("alias", sink);
  Script script{BERTH_E_TIMEOUT, ""};
  const berth_handler table = table_of(script);
  PluginHandler handler(table, "kind", "/", host);
  FakeExchange exchange;
  exchange.exchange.request().set_deadline(base::TimePoint(std::chrono::nanoseconds(1)));
  EXPECT_TRUE(exchange.run(handler).starts_with("503\n"));
}

TEST(PluginHandler, LogsWithPluginAndRoute) {
  RecordingSink sink;
  const HostTable host("alias", sink);
  Script script{BERTH_E_FAILED, ""};
  const berth_handler table = table_of(script);
  PluginHandler handler(table, "kind", "GET /a", host);
  FakeExchange exchange;
  exchange.run(handler);
  EXPECT_EQ(
      sink.take(),
      (std::vector<std::string>{"error alias [GET /a] the handler failed result=BERTH_E_FAILED"}));
}

TEST(PluginHandler, TheRouteOfALineIsRestoredWhereHandlersRunInsideEachOther) {
  RecordingSink sink;
  const HostTable host("alias", sink);
  {
    const CallSite outer_site{"/outer"};
    const CallScope outer(outer_site);
    {
      const CallSite inner_site{"/inner"};
      const CallScope inner(inner_site);
      host.log(LogLevel::kInfo, "a");
    }
    host.log(LogLevel::kInfo, "b");
  }
  host.log(LogLevel::kInfo, "c");
  EXPECT_EQ(sink.take(), (std::vector<std::string>{"info alias [/inner] a", "info alias [/outer] b",
                                                   "info alias [] c"}));
}

TEST(PluginHandler, TheInnermostCallTellsItsRequestAndIsPutBack) {
  FakeExchange exchange;
  const CallSite outside{};
  const CallSite route{"/route"};
  const CallScope start(outside);
  {
    const CallScope serving(route, &exchange.exchange.response());
    EXPECT_EQ(CallScope::innermost()->response, &exchange.exchange.response());
    EXPECT_EQ(CallScope::innermost()->site, &route);
    {
      const base::OwnCode own;
      EXPECT_EQ(CallScope::innermost(), nullptr);
    }
    EXPECT_EQ(CallScope::innermost()->site, &route);
  }
  EXPECT_EQ(CallScope::innermost()->response, nullptr);
  EXPECT_EQ(CallScope::innermost()->site, &outside);
}

}  // namespace
}  // namespace berth::plugin
