#include "plugin/plugin_chain.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "chain_of_functions.h"
#include "fake_exchange.h"
#include "recording_sink.h"

namespace berth::plugin {
namespace {

TEST(PluginChain, RunsOutermostFirstAndNamesWhoLogs) {
  Chain chain({logs_around("1"), logs_around("2")}, writes("hello"));
  EXPECT_TRUE(chain.serve().ends_with("\n\nhello"));
  EXPECT_EQ(chain.sink.take(), (Lines{"info a [GET /a] into 1", "info b [GET /a] into 2",
                                      "info b [GET /a] out of 2", "info a [GET /a] out of 1"}));
}

TEST(PluginChain, OneThatAnswersByItselfKeepsTheRestOut) {
  Chain chain({writes("mine")}, [](const berth_host&, berth_request*, berth_response*) {
    ADD_FAILURE();
    return BERTH_OK;
  });
  EXPECT_TRUE(chain.serve().ends_with("\n\nmine"));
}

TEST(PluginChain, NextIsForMiddlewareAndOnce) {
  Chain chain({[](const berth_host& host, berth_request* request, berth_response* response) {
                EXPECT_EQ(host.next(request, response, nullptr), BERTH_OK);
                Told again;
                again.host = &host;
                EXPECT_EQ(host.next(request, response, &again.table), BERTH_E_STATE);
                EXPECT_EQ(again.lines, Lines{"end -4"});  // a refused filter is let go, too
                return BERTH_OK;
              }},
              [](const berth_host& host, berth_request* request, berth_response* response) {
                EXPECT_EQ(host.next(request, response, nullptr), BERTH_E_STATE);
                return BERTH_OK;
              });
  EXPECT_TRUE(chain.serve().starts_with("200\n"));
}

// Writes and asks for next() again, with itself, when it is told that it was refused.
struct Refused {
  const berth_host& host;
  berth_request* request;
  int ends = 0;
  berth_filter table{sizeof(berth_filter), this, nullptr, nullptr, on_end};

  static std::int32_t on_end(void* self, berth_response* response, berth_sink*, std::int32_t why) {
    auto& refused = *static_cast<Refused*>(self);
    ++refused.ends;
    EXPECT_EQ(why, BERTH_E_STATE);
    EXPECT_EQ(refused.host.resp_write(response, "xx", 2), BERTH_E_STATE);
    EXPECT_EQ(refused.host.next(refused.request, response, &refused.table), BERTH_E_STATE);
    return BERTH_OK;
  }
};

std::int32_t asks(const berth_host& host, berth_request* request, berth_response* response) {
  EXPECT_EQ(host.resp_write(response, "a", 1), 1);
  Refused refused{host, request};
  EXPECT_EQ(host.next(request, response, &refused.table), BERTH_E_STATE);
  EXPECT_EQ(refused.ends, 1);
  return BERTH_OK;
}

TEST(PluginChain, FiltersSeeTheAnswerAndMayChangeIt) {
  Told outer;
  Told inner;
  outer.adds = "Outer";
  inner.adds = "Inner";
  Chain chain({filters(outer), filters(inner)}, writes("abc"));
  const std::string& sent = chain.serve();
  EXPECT_EQ(inner.lines, (Lines{"head 200", "body abc", "end 0"}));
  EXPECT_EQ(outer.lines, (Lines{"head 200", "body <abc>", "end 0"}));
  EXPECT_NE(sent.find("Inner: 1\nOuter: 1\n"), std::string::npos) << sent;
  EXPECT_TRUE(sent.ends_with("\n\n<<abc>>")) << sent;
}

TEST(PluginChain, NextAfterWritingIsWithoutAFilter) {
  Told told;
  Chain chain({[&](const berth_host& host, berth_request* request, berth_response* response) {
                EXPECT_EQ(host.resp_write(response, "one ", 4), 4);
                told.host = &host;
                EXPECT_EQ(host.next(request, response, &told.table), BERTH_E_STATE);
                EXPECT_EQ(told.lines, Lines{"end -4"});
                return host.next(request, response, nullptr);
              }},
              writes("two"));
  EXPECT_TRUE(chain.serve().ends_with("\n\none two"));
}

TEST(PluginChain, NextHasAnArgumentForEachThing) {
  Chain chain({[](const berth_host& host, berth_request* request, berth_response* response) {
                EXPECT_EQ(host.next(nullptr, response, nullptr), BERTH_E_INVALID);
                EXPECT_EQ(host.next(request, nullptr, nullptr), BERTH_E_INVALID);
                return host.next(request, response, nullptr);
              }},
              writes("abc"));
  EXPECT_TRUE(chain.serve().ends_with("\n\nabc"));
}

TEST(PluginChain, ARefusedFilterIsInsideOfOneToo) {
  Chain by_middleware({asks}, writes("never"));
  EXPECT_TRUE(by_middleware.serve().ends_with("\n\na"));
  Chain by_handler({logs_around("1")}, asks);
  EXPECT_TRUE(by_handler.serve().ends_with("\n\na"));
}

TEST(PluginChain, AHandlerWithoutMiddlewareHasNoNext) {
  RecordingSink sink;
  const HostTable host("alias", sink);
  const berth_handler table{
      sizeof(berth_handler), const_cast<berth_host*>(host.get()),
      [](void* self, berth_request* request, berth_response* response) -> std::int32_t {
        const auto& calls = *static_cast<const berth_host*>(self);
        EXPECT_EQ(asks(calls, request, response), BERTH_OK);
        EXPECT_EQ(calls.next(request, response, nullptr), BERTH_E_STATE);
        return BERTH_OK;
      },
      nullptr};
  PluginHandler handler(table, "kind", "/", host);
  FakeExchange exchange;
  EXPECT_TRUE(exchange.run(handler).ends_with("\n\na"));
}

TEST(PluginChain, ManyFiltersFindRoom) {
  std::vector<Told> told(40);
  std::vector<Serve> middleware;
  for (Told& each : told) middleware.push_back(filters(each));
  Chain chain(std::move(middleware), writes("abc"));
  EXPECT_TRUE(
      chain.serve().ends_with("\n\n" + std::string(40, '<') + "abc" + std::string(40, '>')));
  for (const Told& each : told) EXPECT_EQ(each.lines.back(), "end 0");
}

TEST(PluginChain, ALengthBeyondIsTheHandlersOwnFault) {
  Told told;
  Chain chain({filters(told)},
              [](const berth_host& host, berth_request*, berth_response* response) -> std::int32_t {
                host.resp_header_set(response, str("Content-Length"), str("2"));
                EXPECT_EQ(host.resp_write(response, "abc", 3), BERTH_E_TOO_LARGE);
                EXPECT_EQ(host.resp_write(response, "ab", 2), 2);
                return BERTH_OK;
              });
  EXPECT_TRUE(chain.serve().ends_with("\n\n<ab>"));
}

TEST(PluginChain, AnIncompleteFilterIsRefused) {
  berth_filter table{};
  table.size = 8;
  Chain chain({[&](const berth_host& host, berth_request* request, berth_response* response) {
                EXPECT_EQ(host.next(request, response, &table), BERTH_E_INVALID);
                return host.next(request, response, nullptr);
              }},
              writes("abc"));
  EXPECT_TRUE(chain.serve().ends_with("\n\nabc"));
}

}  // namespace
}  // namespace berth::plugin
