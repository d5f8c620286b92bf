// What becomes of a response whose chain, filters or client fail.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "chain_of_functions.h"
#include "serve/io_error.h"

namespace berth::plugin {
namespace {

// A handler that fails before anything is out, and what the client and the filter get.
TEST(PluginChainFailure, ErrorRepliesPassTheFilters) {
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

TEST(PluginChainFailure, AMiddlewareMayAnswerForWhatFailedBehindIt) {
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

// Answers for whoever failed behind it; then returns the result.
Serve recovers(std::int32_t result = BERTH_OK) {
  return [result](const berth_host& host, berth_request* request, berth_response* response) {
    EXPECT_LT(host.next(request, response, nullptr), 0);
    EXPECT_EQ(host.resp_status_get(response), 0);
    EXPECT_EQ(host.resp_status(response, 503), BERTH_OK);
    EXPECT_EQ(host.resp_write(response, "recovered", 9), 9);
    return result;
  };
}

TEST(PluginChainFailure, AFilteredResponseLeavesNothingToTheNextOneOfItsThread) {
  Told told;
  Chain filtered({filters(told)}, writes("abc"));
  EXPECT_TRUE(filtered.serve().ends_with("\n\n<abc>"));
  Chain unfiltered({recovers()}, returns(BERTH_E_FAILED));
  EXPECT_TRUE(unfiltered.serve_after(filtered).ends_with("\n\nrecovered"));
}

TEST(PluginChainFailure, OneThatAnswersAndFailsThenItselfIsNamed) {
  Chain chain({logs_around("1"), recovers(BERTH_E_FAILED)}, returns(BERTH_E_FAILED));
  EXPECT_TRUE(chain.serve().starts_with("500\n"));
  EXPECT_EQ(chain.sink.take(),
            (Lines{"info a [GET /a] into 1",
                   "error handler [GET /a] the handler failed result=BERTH_E_FAILED",
                   "error b [GET /a] the middleware failed result=BERTH_E_FAILED",
                   "info a [GET /a] out of 1"}));
}

TEST(PluginChainFailure, AFilterThatFailsOnAnErrorReplyIsNamedToo) {
  Told told;
  told.head_result = BERTH_E_FAILED;
  Chain chain({filters(told)}, returns(BERTH_E_FAILED));
  EXPECT_TRUE(chain.serve().starts_with("500\n"));
  EXPECT_EQ(chain.sink.take(),
            (Lines{"error handler [GET /a] the handler failed result=BERTH_E_FAILED",
                   "error a [GET /a] the filter failed result=BERTH_E_FAILED"}));
}

TEST(PluginChainFailure, OneThatHandsOnWhatFailedFurtherOutIsNotNamed) {
  Told outer;
  Told inner;
  outer.throws = "body";
  Chain chain({filters(outer), filters(inner)}, writes("abc"));
  EXPECT_TRUE(chain.serve().starts_with("500\n"));
  EXPECT_EQ(chain.sink.take(),
            Lines{"error a [GET /a] on_body() threw an exception what=out of a filter"});
}

// Declares a length, and writes one byte.
Serve writes_one_of(const char* length) {
  return [length](const berth_host& host, berth_request*, berth_response* response) {
    EXPECT_EQ(host.resp_header_set(response, str("Content-Length"), str(length)), BERTH_OK);
    return host.resp_write(response, "a", 1) < 0 ? BERTH_E_FAILED : BERTH_OK;
  };
}

TEST(PluginChainFailure, WhoeverWritesLessThanItDeclaredIsNamed) {
  Told told;
  Chain by_handler({filters(told)}, writes_one_of("6"));
  EXPECT_TRUE(by_handler.serve().starts_with("500\n"));
  EXPECT_EQ(told.lines, (Lines{"head 200", "body a", "end -1"}));
  EXPECT_EQ(by_handler.sink.take(),
            Lines{"error handler [GET /a] the handler wrote 1 of the 6 bytes that were declared"});

  Told outer;
  Told inner;
  inner.declares = "6";
  Chain by_filter({filters(outer), filters(inner)}, writes("abc"));
  EXPECT_TRUE(by_filter.serve().starts_with("500\n"));
  EXPECT_EQ(by_filter.sink.take(),
            Lines{"error b [GET /a] the filter wrote 5 of the 6 bytes that were declared"});

  Told around;
  Chain by_middleware({filters(around),
                       [](const berth_host& host, berth_request* request,
                          berth_response* response) -> std::int32_t {
                         EXPECT_EQ(host.next(request, response, nullptr), BERTH_E_TOO_LARGE);
                         return writes_one_of("2")(host, request, response);
                       }},
                      returns(BERTH_E_TOO_LARGE));
  EXPECT_TRUE(by_middleware.serve().starts_with("500\n"));
  EXPECT_EQ(by_middleware.sink.take(),
            Lines{"error b [GET /a] the middleware wrote 1 of the 2 bytes that were declared"});
}

TEST(PluginChainFailure, AFilterThatFailsIsNamedAndEndsTheResponse) {
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

TEST(PluginChainFailure, AFilterThatFailsMidwayCutsTheResponse) {
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

TEST(PluginChainFailure, AFailureWithSomeOfItOutCannotBeSwallowed) {
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

TEST(PluginChainFailure, AFilterHearsThatTheClientIsGone) {
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

TEST(PluginChainFailure, NothingIsAnsweredToAClientThatIsGone) {
  Told told;
  Chain chain({filters(told)}, returns(BERTH_E_CLOSED));
  (void)chain.serve();
  EXPECT_EQ(told.lines, Lines{"end -2"});
  EXPECT_EQ(chain.sink.take(), Lines{});
}

TEST(PluginChainFailure, ARequestWithWrongFramingIsAnsweredThroughTheFilters) {
  Told told;
  Chain chain({filters(told)},
              [](const berth_host& host, berth_request* request, berth_response*) -> std::int32_t {
                char byte = 0;
                EXPECT_EQ(host.req_read(request, &byte, 1), BERTH_E_CLOSED);
                return BERTH_E_CLOSED;
              });
  chain.exchange.transport.read_error = serve::IoError::kMalformed;
  EXPECT_TRUE(chain.serve().starts_with("400\n"));
  ASSERT_EQ(told.lines.size(), 3U);
  EXPECT_EQ(told.lines.front(), "head 400");
  EXPECT_EQ(told.lines.back(), "end 0");
}

TEST(PluginChainFailure, ALostClientIsToldToFiltersThoughTheHandlerDoesNotCare) {
  Told told;
  Chain chain({filters(told)},
              [](const berth_host& host, berth_request*, berth_response* response) -> std::int32_t {
                const std::string large(4096, 'x');
                EXPECT_EQ(host.resp_write(response, large.data(), large.size()), BERTH_E_CLOSED);
                return BERTH_OK;
              });
  chain.exchange.transport.send_error = serve::IoError::kClosed;
  (void)chain.serve();
  EXPECT_EQ(told.lines.back(), "end -2");
}

TEST(PluginChainFailure, FiltersOfAHijackedConnectionAreToldSoAtOnceAndHoweverItEnds) {
  for (const std::int32_t result : {BERTH_OK, BERTH_E_CLOSED, BERTH_E_TIMEOUT, BERTH_E_FAILED}) {
    Told told;
    Chain chain({filters(told)},
                [result, &told](const berth_host& host, berth_request*, berth_response* response) {
                  const auto* hijacker =
                      static_cast<const berth_hijacker*>(host.resp_facet(response, BERTH_HIJACKER));
                  berth_conn* connection = nullptr;
                  EXPECT_EQ(hijacker->hijack(response, &connection), BERTH_OK);
                  EXPECT_EQ(told.lines, Lines{"end -4"});  // while the connection is there
                  hijacker->close(connection);
                  return result;
                });
    chain.exchange.transport.hijackable = true;
    (void)chain.serve();
    EXPECT_EQ(told.lines, Lines{"end -4"}) << result;
  }
}

TEST(PluginChainFailure, OutOfMemoryInsideOfAFilterEndsTheResponseWhateverItMakesOfIt) {
  Told told;
  told.keeps_failures = true;
  Chain chain({filters(told)},
              [](const berth_host& host, berth_request*, berth_response* response) -> std::int32_t {
                const std::string large(4096, 'x');
                EXPECT_EQ(host.resp_write(response, large.data(), large.size()), BERTH_E_FAILED);
                return BERTH_OK;
              });
  chain.exchange.transport.no_memory = true;
  EXPECT_TRUE(chain.serve().ends_with("(aborted)"));
  EXPECT_EQ(told.lines.back(), "end -6");
}

TEST(PluginChainFailure, WhatOneThrowsIsContainedAndThoseOutsideGoOn) {
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

TEST(PluginChainFailure, AFilterIsToldThatTheResponseWasCut) {
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

}  // namespace
}  // namespace berth::plugin
