#include "mux/explain.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/mux/make_table.h"

namespace berth::mux {
namespace {

// The summary, then a line "VERDICT: PATTERN: REASON" for each candidate.
std::string text_of(const Table& table, std::string_view method, std::string_view host,
                    std::string_view path, std::uint32_t listener = 0) {
  const Explanation explanation = explain(table, method, host, path, "", listener);
  std::string out = explanation.summary + '\n';
  for (const Candidate& candidate : explanation.candidates) {
    out += std::string(name(candidate.verdict)) + ": " +
           table.routes()[candidate.entry].pattern.text() + ": " + candidate.reason + '\n';
  }
  return out;
}

TEST(Explain, SaysWhichRouteWinsAndWhyTheOthersDoNot) {
  const Table table =
      testing::table_of({"/", "GET /hello/{name}", "POST /hello/{name}", "/hello/",
                         "h.example/hello/", "/hello/{name}/x", "/{$}", "/echo", "/hello/{a}/{$}"});
  EXPECT_EQ(
      text_of(table, "GET", "localhost:8080", "/hello/world"),
      "answered by GET /hello/{name}\n"
      "wins: GET /hello/{name}: the most specific of 3 routes that match\n"
      "less specific: /: GET /hello/{name} is more specific: its segment 1 is \"hello\", here "
      "it is a trailing slash\n"
      "less specific: /hello/: GET /hello/{name} is more specific: its segment 2 is {name}, "
      "here it is a trailing slash\n"
      "other method: POST /hello/{name}: it is only for POST\n"
      "other host: h.example/hello/: it is only for the host \"h.example\"\n"
      "other path: /hello/{name}/x: the path ends before segment 3, \"x\"\n"
      "other path: /{$}: the path goes on after the \"/\" that {$} ends\n"
      "other path: /echo: segment 1 is \"hello\", not \"echo\"\n"
      "other path: /hello/{a}/{$}: the path does not end with \"/\"\n");
}

TEST(Explain, NamesTheHostAndTheMethodAsReasons) {
  const Table table = testing::table_of({"/a", "GET /a", "HEAD /a", "h.example/{x}", "/a/b/c"});
  EXPECT_EQ(text_of(table, "HEAD", "x", "/a"),
            "answered by HEAD /a\n"
            "wins: HEAD /a: the most specific of 3 routes that match\n"
            "less specific: /a: HEAD /a is more specific: its method is HEAD\n"
            "less specific: GET /a: HEAD /a is more specific: its method is HEAD\n"
            "other host: h.example/{x}: it is only for the host \"h.example\"\n"
            "other path: /a/b/c: the path ends before segment 2, \"b\"\n");
  EXPECT_EQ(text_of(table, "POST", "H.example:80", "/a"),
            "answered by h.example/{x}\n"
            "wins: h.example/{x}: the most specific of 2 routes that match\n"
            "less specific: /a: h.example/{x} names the host\n"
            "other method: GET /a: it is only for GET\n"
            "other method: HEAD /a: it is only for HEAD\n"
            "other path: /a/b/c: the path ends before segment 2, \"b\"\n");
}

TEST(Explain, NamesWhatTheClientGetsInstead) {
  const Table table = testing::table_of({"GET /a", "/tree/", "/a/{x}/"});
  EXPECT_EQ(text_of(table, "POST", "", "/a"),
            "405, allowed are GET, HEAD\n"
            "other method: GET /a: it is only for GET\n"
            "other path: /tree/: segment 1 is \"a\", not \"tree\"\n"
            "other path: /a/{x}/: the path ends before segment 2, {x}\n");
  EXPECT_EQ(text_of(table, "GET", "", "/nope"),
            "404, no route matches\n"
            "other path: GET /a: segment 1 is \"nope\", not \"a\"\n"
            "other path: /tree/: segment 1 is \"nope\", not \"tree\"\n"
            "other path: /a/{x}/: segment 1 is \"nope\", not \"a\"\n");
  EXPECT_EQ(text_of(table, "GET", "", "/%2e"),
            "400, the path has a malformed or a disguised segment, or no \"/\" at its beginning\n");
}

TEST(Explain, JudgesTheTargetOfARedirect) {
  const Table table = testing::table_of({"/tree/", "/b"});
  EXPECT_EQ(text_of(table, "GET", "", "/tree"),
            "301 to /tree/: only the path with a trailing slash has a route\n"
            "wins: /tree/: the only route that matches\n"
            "other path: /b: segment 1 is \"tree\", not \"b\"\n");
  EXPECT_EQ(text_of(table, "POST", "", "//b"),
            "308 to /b: the path is not clean\n"
            "wins: /b: the only route that matches\n"
            "other path: /tree/: segment 1 is \"b\", not \"tree\"\n");
}

TEST(Explain, KnowsListeners) {
  std::vector<Route> routes;
  routes.push_back(testing::make_route("/a", 1, {1}));
  routes.push_back(testing::make_route("/{x}", 2));
  const Table table = testing::make_table(std::move(routes), 2);
  EXPECT_EQ(text_of(table, "GET", "", "/a", 0),
            "answered by /{x}\n"
            "wins: /{x}: the only route that matches\n"
            "other listener: /a: it is not on this listener\n");
}

}  // namespace
}  // namespace berth::mux
