#include "plugin/plugin_chain.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fake_exchange.h"
#include "plugin/plugin_filter.h"
#include "recording_sink.h"

namespace berth::plugin {
namespace {

using Lines = std::vector<std::string>;

// serve() of a step, with the table of the host it came from.
using Serve = std::function<std::int32_t(const berth_host&, berth_request*, berth_response*)>;

berth_str str(std::string_view text) { return {text.data(), text.size()}; }

// What was told to a filter, "head 200", "body abc", "end 0" and the like.
struct Told {
  Lines lines;
  const berth_host* host = nullptr;
  berth_request* request = nullptr;
  std::int32_t head_result = BERTH_OK;
  std::int32_t body_result = BERTH_OK;  // of the second piece on
  std::int32_t end_result = BERTH_OK;
  const char* throws = "";     // in which function
  const char* adds = nullptr;  // a field, in on_head()

  berth_filter table{sizeof(berth_filter), this, on_head, on_body, on_end};

  static std::int32_t on_head(void* self, berth_response* response) {
    auto& told = *static_cast<Told*>(self);
    told.lines.push_back("head " + std::to_string(told.host->resp_status_get(response)));
    EXPECT_EQ(told.host->next(told.request, response, nullptr), BERTH_E_STATE);
    told.throw_in("head");
    if (told.adds != nullptr) told.host->resp_header_set(response, str(told.adds), str("1"));
    return told.head_result;
  }
  static std::int32_t on_body(void* self, berth_response*, berth_sink* sink, const void* bytes,
                              std::size_t size) {
    auto& told = *static_cast<Told*>(self);
    const bool first = told.lines.size() == 1;
    told.lines.push_back("body " + std::string(static_cast<const char*>(bytes), size));
    told.throw_in("body");
    if (!first && told.body_result != BERTH_OK) return told.body_result;
    const std::string text = "<" + std::string(static_cast<const char*>(bytes), size) + ">";
    const std::int64_t passed = told.host->filter_pass(sink, text.data(), text.size());
    return passed < 0 ? static_cast<std::int32_t>(passed) : BERTH_OK;
  }
  static std::int32_t on_end(void* self, berth_response*, berth_sink* sink, std::int32_t result) {
    auto& told = *static_cast<Told*>(self);
    told.lines.push_back("end " + std::to_string(result));
    EXPECT_EQ(told.host->filter_pass(sink, "", 0), result == BERTH_OK ? 0 : BERTH_E_STATE);
    told.throw_in("end");
    return told.end_result;
  }
  void throw_in(const std::string& function) const {
    if (throws == function) throw std::runtime_error("out of a filter");
  }
};

// A chain whose steps are functions of the test, each of a plugin of its own: a, b... and handler.
class Chain {
 public:
  Chain(std::vector<Serve> middleware, Serve handler) {
    PluginChain::Middleware made;
    for (Serve& serve : middleware) {
      Step& step = add(std::string(1, static_cast<char>('a' + made.size() % 26)), std::move(serve));
      step.middleware = {sizeof(berth_middleware), &step, run, nullptr};
      made.push_back(std::make_shared<PluginMiddleware>(step.middleware, "kind", *step.host));
    }
    Step& last = add("handler", std::move(handler));
    last.handler = {sizeof(berth_handler), &last, run, nullptr};
    chain_ = std::make_unique<PluginChain>(
        std::move(made),
        std::make_shared<PluginHandler>(last.handler, "kind", "GET /a", *last.host));
  }

  const std::string& serve() { return exchange.run(*chain_); }

  RecordingSink sink;
  FakeExchange exchange;

 private:
  struct Step {
    std::unique_ptr<HostTable> host;
    Serve serve;
    berth_middleware middleware{};
    berth_handler handler{};
  };
  static std::int32_t run(void* self, berth_request* request, berth_response* response) {
    const auto& step = *static_cast<const Step*>(self);
    return step.serve(*step.host->get(), request, response);
  }
  Step& add(std::string alias, Serve serve) {
    steps_.push_back(std::make_unique<Step>());
    steps_.back()->host = std::make_unique<HostTable>(std::move(alias), sink);
    steps_.back()->serve = std::move(serve);
    return *steps_.back();
  }

  std::vector<std::unique_ptr<Step>> steps_;
  std::unique_ptr<PluginChain> chain_;
};

Serve writes(const char* text) {
  return [text](const berth_host& host, berth_request*, berth_response* response) {
    const berth_str bytes = str(text);
    return host.resp_write(response, bytes.data, bytes.size) < 0 ? BERTH_E_FAILED : BERTH_OK;
  };
}

Serve logs_around(const char* name) {
  return [name](const berth_host& host, berth_request* request, berth_response* response) {
    const std::string in = std::string("into ") + name;
    const std::string out = std::string("out of ") + name;
    host.log(&host, BERTH_INFO, str(in), nullptr, 0);
    const std::int32_t result = host.next(request, response, nullptr);
    host.log(&host, BERTH_INFO, str(out), nullptr, 0);
    return result;
  };
}

Serve filters(Told& told) {
  return [&told](const berth_host& host, berth_request* request, berth_response* response) {
    told.host = &host;
    told.request = request;
    return host.next(request, response, &told.table);
  };
}

// Writes the bytes, flushes them if it shall, then returns the result.
Serve writes_then(std::string bytes, bool flushes, std::int32_t result) {
  return [=](const berth_host& host, berth_request*, berth_response* response) {
    host.resp_write(response, bytes.data(), bytes.size());
    const auto* flusher =
        static_cast<const berth_flusher*>(host.resp_facet(response, BERTH_FLUSHER));
    if (flushes) (void)flusher->flush(response);
    return result;
  };
}

Serve returns(std::int32_t result) {
  return [result](const berth_host&, berth_request*, berth_response*) { return result; };
}

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

TEST(PluginChain, AHandlerWithoutMiddlewareHasNoNext) {
  RecordingSink sink;
  const HostTable host("alias", sink);
  const berth_handler table{sizeof(berth_handler), const_cast<berth_host*>(host.get()),
                            [](void* self, berth_request* request, berth_response* response) {
                              const auto* calls = static_cast<const berth_host*>(self);
                              bool ended = false;
                              const berth_filter filter{
                                  sizeof(berth_filter), &ended, nullptr, nullptr,
                                  [](void* end, berth_response*, berth_sink*, std::int32_t) {
                                    *static_cast<bool*>(end) = true;
                                    return std::int32_t{BERTH_OK};
                                  }};
                              EXPECT_EQ(calls->next(request, response, &filter), BERTH_E_STATE);
                              EXPECT_TRUE(ended);
                              return calls->next(request, response, nullptr);
                            },
                            nullptr};
  PluginHandler handler(table, "kind", "/", host);
  FakeExchange exchange;
  EXPECT_TRUE(exchange.run(handler).starts_with("500\n"));
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

// A handler that fails before anything is out, and what the client and the filter get.
TEST(PluginChain, ErrorRepliesPassTheFilters) {
  struct Row {
    const char* description;
    Serve handler;
    const char* head;
    std::size_t logged;
  };
  const Row table[] = {
      {"failed", returns(BERTH_E_FAILED), "head 500", 1},
      {"deferred", returns(BERTH_DEFERRED), "head 500", 1},
      {"too large", returns(BERTH_E_TOO_LARGE), "head 413", 0},
      {"the client is slow", returns(BERTH_E_TIMEOUT), "head 408", 0},
      {"it throws",
       [](const berth_host&, berth_request*, berth_response*) -> std::int32_t {
         throw std::runtime_error("no");
       },
       "head 500", 2},
      {"it wrote something and failed",
       [](const berth_host& host, berth_request*, berth_response* response) -> std::int32_t {
         host.resp_write(response, "abc", 3);
         return BERTH_E_FAILED;
       },
       "head 500", 1},
  };
  for (const Row& row : table) {
    Told told;
    Chain chain({logs_around("x"), filters(told)}, row.handler);
    const std::string& sent = chain.serve();
    ASSERT_EQ(told.lines.size(), 3U) << row.description;
    EXPECT_EQ(told.lines.front(), row.head) << row.description;
    EXPECT_TRUE(told.lines[1].starts_with("body " + told.lines[0].substr(5))) << row.description;
    EXPECT_EQ(told.lines.back(), "end 0") << row.description;
    EXPECT_TRUE(sent.starts_with(told.lines[0].substr(5) + "\n")) << row.description;
    EXPECT_EQ(chain.sink.take().size(), row.logged + 2) << row.description;
  }
}

TEST(PluginChain, AMiddlewareMayAnswerForWhatFailedBehindIt) {
  Told told;
  Chain chain({filters(told),
               [](const berth_host& host, berth_request* request, berth_response* response) {
                 EXPECT_EQ(host.next(request, response, nullptr), BERTH_E_TOO_LARGE);
                 EXPECT_EQ(host.resp_status_get(response), 0);
                 EXPECT_EQ(host.resp_status(response, 503), BERTH_OK);
                 return writes("sorry")(host, request, response);
               }},
              [](const berth_host& host, berth_request*, berth_response* response) {
                host.resp_header_set(response, str("Lost"), str("1"));
                host.resp_write(response, "lost", 4);
                return std::int32_t{BERTH_E_TOO_LARGE};
              });
  const std::string& sent = chain.serve();
  EXPECT_TRUE(sent.starts_with("503\n")) << sent;
  EXPECT_TRUE(sent.ends_with("\n\n<sorry>")) << sent;
  EXPECT_EQ(sent.find("Lost"), std::string::npos) << sent;
  EXPECT_EQ(told.lines, (Lines{"head 503", "body sorry", "end 0"}));
  EXPECT_FALSE(chain.exchange.failed);
}

TEST(PluginChain, AFilterThatFailsIsNamedAndEndsTheResponse) {
  struct Row {
    std::int32_t head;
    std::int32_t end;
    const char* throws;
    const char* answer;
    Lines told;
    Lines log;
  };
  const std::string failed = "error a [GET /a] the filter failed result=BERTH_E_FAILED";
  const auto threw = [](const std::string& where) {
    return "error a [GET /a] on_" + where + "() threw an exception what=out of a filter";
  };
  const Row table[] = {
      {BERTH_E_FAILED, BERTH_OK, "", "500\n", {"head 200", "end -6"}, {failed}},
      {BERTH_E_TOO_LARGE, BERTH_OK, "", "413\n", {"head 200", "end -5"}, {}},
      {BERTH_OK, BERTH_OK, "head", "500\n", {"head 200", "end -6"}, {threw("head")}},
      {BERTH_OK, BERTH_OK, "body", "500\n", {"head 200", "body abc", "end -6"}, {threw("body")}},
      {BERTH_OK, BERTH_E_FAILED, "", "500\n", {"head 200", "body abc", "end 0"}, {failed}},
      {BERTH_OK, BERTH_OK, "end", "500\n", {"head 200", "body abc", "end 0"}, {threw("end")}},
      {BERTH_E_TIMEOUT, BERTH_OK, "end", "408\n", {"head 200", "end -3"}, {threw("end")}},
  };
  for (const Row& row : table) {
    Told told;
    told.head_result = row.head;
    told.end_result = row.end;
    told.throws = row.throws;
    Chain chain({filters(told)}, writes("abc"));
    const std::string& sent = chain.serve();
    EXPECT_TRUE(sent.starts_with(row.answer)) << sent;
    EXPECT_FALSE(sent.ends_with("(aborted)")) << sent;
    EXPECT_EQ(told.lines, row.told);
    EXPECT_EQ(chain.sink.take(), row.log);
  }
}

TEST(PluginChain, AFilterThatFailsMidwayCutsTheResponse) {
  Told outer;
  Told inner;
  inner.body_result = BERTH_E_FAILED;
  Chain chain({filters(outer), filters(inner)},
              [](const berth_host& host, berth_request* request, berth_response* response) {
                EXPECT_EQ(writes_then("abc", false, BERTH_OK)(host, request, response), BERTH_OK);
                const auto* flusher =
                    static_cast<const berth_flusher*>(host.resp_facet(response, BERTH_FLUSHER));
                EXPECT_EQ(flusher->flush(response), BERTH_E_FAILED);
                EXPECT_EQ(host.resp_write(response, "d", 1), BERTH_E_STATE);
                return std::int32_t{BERTH_OK};
              });
  const std::string& sent = chain.serve();
  EXPECT_TRUE(sent.starts_with("500\n")) << sent;  // nothing was out
  EXPECT_EQ(inner.lines, (Lines{"head 200", "body abc", "body ", "end -6"}));
  EXPECT_EQ(outer.lines, (Lines{"head 200", "body <abc>", "end -6"}));

  Told late;
  late.body_result = BERTH_E_FAILED;
  Chain cut({filters(late)}, writes_then(std::string(4096, 'x'), true, BERTH_OK));
  EXPECT_TRUE(cut.serve().ends_with(">(aborted)"));
  EXPECT_EQ(late.lines.back(), "end -6");
  EXPECT_EQ(cut.sink.take(), Lines{"error a [GET /a] the filter failed result=BERTH_E_FAILED"});
}

TEST(PluginChain, AFailureWithSomeOfItOutCannotBeSwallowed) {
  const auto swallows = [](const berth_host& host, berth_request* request,
                           berth_response* response) {
    EXPECT_EQ(host.next(request, response, nullptr), BERTH_E_FAILED);
    EXPECT_EQ(host.resp_status_get(response), 200);
    EXPECT_EQ(host.resp_write(response, "more", 4), BERTH_E_STATE);
    return std::int32_t{BERTH_OK};
  };
  Told told;
  Chain cut({filters(told), swallows}, writes_then("abc", true, BERTH_E_FAILED));
  EXPECT_TRUE(cut.serve().ends_with("<abc><>(aborted)"));
  EXPECT_EQ(told.lines, (Lines{"head 200", "body abc", "body ", "end -6"}));
  EXPECT_TRUE(cut.exchange.failed);

  Chain without_filters({swallows}, writes_then("abc", true, BERTH_DEFERRED));
  EXPECT_TRUE(without_filters.serve().ends_with("abc(aborted)"));
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

TEST(PluginChain, AFilterHearsThatTheClientIsGone) {
  Told told;
  Chain chain({filters(told)},
              [](const berth_host& host, berth_request*, berth_response* response) -> std::int32_t {
                const std::string large(4096, 'x');
                EXPECT_EQ(host.resp_write(response, large.data(), large.size()), BERTH_E_CLOSED);
                return BERTH_E_CLOSED;
              });
  chain.exchange.transport.send_error = serve::IoError::kClosed;
  (void)chain.serve();
  EXPECT_EQ(told.lines.back(), "end -2");
  EXPECT_EQ(chain.sink.take(), Lines{});
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

TEST(PluginChain, WhatOneThrowsIsContainedAndThoseOutsideGoOn) {
  Chain chain({logs_around("1"),
               [](const berth_host&, berth_request*, berth_response*) -> std::int32_t {
                 throw std::runtime_error("no");
               }},
              writes("never"));
  EXPECT_TRUE(chain.serve().starts_with("500\n"));
  EXPECT_EQ(chain.sink.take(),
            (Lines{"info a [GET /a] into 1", "error b [GET /a] serve() threw an exception what=no",
                   "error b [GET /a] the middleware failed result=BERTH_E_FAILED",
                   "info a [GET /a] out of 1"}));
}

TEST(PluginChain, AFilterIsToldThatTheResponseWasCut) {
  Told told;
  Chain chain({filters(told)},
              [](const berth_host& host, berth_request*, berth_response* response) -> std::int32_t {
                host.resp_write(response, "abc", 3);
                const auto* flusher =
                    static_cast<const berth_flusher*>(host.resp_facet(response, BERTH_FLUSHER));
                EXPECT_EQ(flusher->flush(response), BERTH_OK);
                return BERTH_E_CLOSED;
              });
  const std::string& sent = chain.serve();
  EXPECT_TRUE(sent.ends_with("<abc><>(aborted)")) << sent;
  EXPECT_EQ(told.lines, (Lines{"head 200", "body abc", "body ", "end -2"}));
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
