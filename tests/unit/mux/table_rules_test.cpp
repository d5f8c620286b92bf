// Redirects, 405, hosts and listeners of a table.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/mux/make_table.h"

namespace berth::mux {
namespace {

using testing::make_route;
using testing::make_table;
using testing::outcome_of;
using testing::table_of;

struct Row {
  const char* method;
  const char* path;
  const char* query;
  const char* expected;  // see outcome_of
};

TEST(TableRules, UncleanPathsAreRedirectedAndKeepTheirQuery) {
  const Table table = table_of({"/a", "/b/", "/c/{x}", "GET /d"});
  const Row rows[] = {
      {"GET", "//a", "", "301 /a"},
      {"GET", "//a", "q=1&r=%2F", "301 /a?q=1&r=%2F"},
      {"HEAD", "/./a", "", "301 /a"},
      {"GET", "/x/../a", "", "301 /a"},
      {"GET", "/../../a", "", "301 /a"},
      {"POST", "//a", "", "308 /a"},
      {"DELETE", "//a", "x", "308 /a?x"},
      {"GET", "/b//x", "", "301 /b/x"},
      {"GET", "/b/x/..", "", "301 /b/"},
      {"GET", "/b/x/../", "", "301 /b/"},
      {"GET", "/b/.", "", "301 /b/"},
      {"GET", "/c/a//", "", "301 /c/a/"},
      {"GET", "/c/%2F//", "", "301 /c/%2F/"},
      // Whether the clean path has a route does not matter, as in Go.
      {"GET", "//nothing", "", "301 /nothing"},
      {"POST", "//d", "", "308 /d"},
      {"GET", "", "", "301 /"},
      {"GET", "/a/..", "", "301 /"},
      // One redirect, not two.
      {"GET", "//b", "", "301 /b/"},
      {"GET", "/a/../b", "y", "301 /b/?y"},
      // No open redirect, whatever a browser takes for a host.
      {"GET", "//evil.example", "", "301 /evil.example"},
      {"GET", "///evil.example/..", "", "301 /"},
      {"GET", "//\\evil.example", "", "301 /%5Cevil.example"},
      {"GET", "/b//\"<>", "\"<>", "301 /b/%22%3C%3E?%22%3C%3E"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(outcome_of(table, row.method, "", row.path, 0, row.query), row.expected)
        << row.method << ' ' << row.path;
  }
}

TEST(TableRules, ATreeIsRedirectedToItsSlashIfNothingElseTakesIt) {
  const Table table = table_of({"/", "/tree/", "/both", "/both/", "/end/{$}", "/rest/{r...}",
                                "/w/{x}/", "/one/{x}", "/one/{x}/sub/", "GET /get/"});
  const Row rows[] = {
      {"GET", "/tree", "", "301 /tree/"},
      {"GET", "/tree", "a=b", "301 /tree/?a=b"},
      {"PUT", "/tree", "", "308 /tree/"},
      {"GET", "/tree/x", "", "/tree/"},
      {"GET", "/both", "", "/both"},
      {"GET", "/both/", "", "/both/"},
      {"GET", "/end", "", "301 /end/"},
      {"GET", "/rest", "", "301 /rest/"},
      {"GET", "/w/5", "", "301 /w/5/"},
      {"GET", "/w", "", "/"},
      {"GET", "/one/5", "", "/one/{x} x=5"},
      {"GET", "/one/5/sub", "", "301 /one/5/sub/"},
      {"GET", "/one/5/sub/x", "", "/one/{x}/sub/ x=5"},
      {"GET", "/get", "", "301 /get/"},
      {"POST", "/get", "", "/"},
      {"GET", "/other", "", "/"},
      {"CONNECT", "/tree", "", "308 /tree/"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(outcome_of(table, row.method, "", row.path, 0, row.query), row.expected)
        << row.method << ' ' << row.path;
  }
}

TEST(TableRules, ConnectPathsAreNotCleaned) {
  const Table table = table_of({"/a/{x}", "/b/{r...}", "CONNECT /c"});
  EXPECT_EQ(outcome_of(table, "CONNECT", "", "/c"), "CONNECT /c");
  EXPECT_EQ(outcome_of(table, "CONNECT", "", "//c"), "404");
  EXPECT_EQ(outcome_of(table, "CONNECT", "", "/a//x"), "404");
  EXPECT_EQ(outcome_of(table, "CONNECT", "", "/b//x//y"), "/b/{r...} r=/x//y");
  EXPECT_EQ(outcome_of(table, "CONNECT", "", "/b//"), "/b/{r...} r=/");
  EXPECT_EQ(outcome_of(table, "CONNECT", "", ""), "404");
}

TEST(TableRules, MethodNotAllowedNamesThoseThatAreSorted) {
  const Table table = table_of({"PUT /a", "DELETE /a", "GET /{x}", "HEAD /h", "POST /tree/",
                                "BREW /a/b", "OPTIONS /a/{x}", "host.example/a"});
  EXPECT_EQ(outcome_of(table, "POST", "", "/a"), "405 DELETE, GET, HEAD, PUT");
  EXPECT_EQ(outcome_of(table, "GET", "", "/a"), "GET /{x} x=a");
  EXPECT_EQ(outcome_of(table, "POST", "", "/h"), "405 GET, HEAD");
  EXPECT_EQ(outcome_of(table, "GET", "", "/a/b"), "405 BREW, OPTIONS");
  EXPECT_EQ(outcome_of(table, "GET", "", "/a/c"), "405 OPTIONS");
  // As in Go, what the path with a slash allows is allowed: those clients are redirected.
  EXPECT_EQ(outcome_of(table, "PUT", "", "/tree"), "405 GET, HEAD, POST");
  EXPECT_EQ(outcome_of(table, "POST", "", "/tree"), "308 /tree/");
  EXPECT_EQ(outcome_of(table, "GET", "", "/tree/"), "405 POST");
  EXPECT_EQ(outcome_of(table, "GET", "", "/z/z"), "404");
  EXPECT_EQ(outcome_of(table_of({"HEAD /h"}), "GET", "", "/h"), "405 HEAD");
}

TEST(TableRules, HostPatternsBeatThoseForEveryHost) {
  const Table table = table_of({"/", "/a", "example.com/", "example.com/b", "GET Other.example/a",
                                "[::1]/a", "example.com/t/"});
  struct HostRow {
    const char* method;
    const char* host;
    const char* path;
    const char* expected;
  };
  const HostRow rows[] = {
      {"GET", "example.com", "/a", "example.com/"},
      {"GET", "example.com:8080", "/a", "example.com/"},
      {"GET", "EXAMPLE.com:80", "/b", "example.com/b"},
      {"GET", "example.com:", "/b", "example.com/b"},
      {"GET", "example.com.", "/a", "/a"},
      {"GET", "www.example.com", "/a", "/a"},
      {"GET", "", "/a", "/a"},
      {"GET", ":80", "/a", "/a"},
      {"GET", "other.example", "/a", "GET Other.example/a"},
      {"HEAD", "other.example", "/a", "GET Other.example/a"},
      {"POST", "other.example", "/a", "/a"},
      {"GET", "other.example", "/x", "/"},
      {"GET", "[::1]", "/a", "[::1]/a"},
      {"GET", "[::1]:8080", "/a", "[::1]/a"},
      {"GET", "[::2]:8080", "/a", "/a"},
      {"GET", "::1", "/a", "/a"},
      {"GET", "example.com", "/t", "301 /t/"},
      {"GET", "other.example", "/t", "/"},
  };
  for (const HostRow& row : rows) {
    EXPECT_EQ(outcome_of(table, row.method, row.host, row.path), row.expected)
        << row.method << ' ' << row.host << row.path;
  }
  EXPECT_EQ(outcome_of(table, "GET", std::string(10000, 'a'), "/a"), "/a");
}

TEST(TableRules, AllowCountsTheHostsAndTheOthers) {
  const Table table = table_of({"PUT example.com/a", "POST /a"});
  EXPECT_EQ(outcome_of(table, "GET", "example.com", "/a"), "405 POST, PUT");
  EXPECT_EQ(outcome_of(table, "GET", "b.example", "/a"), "405 POST");
}

TEST(TableRules, RoutesHoldOnTheirListenersOnly) {
  std::vector<Route> routes;
  routes.push_back(make_route("/a", 1, {0}));
  routes.push_back(make_route("GET /a", 2, {1, 2}));
  routes.push_back(make_route("/b", 3));
  routes.push_back(make_route("h.example/a", 4, {2}));
  const Table table = make_table(std::move(routes), 4);
  EXPECT_EQ(table.listener_count(), 4U);
  const auto entry = [&](std::uint32_t listener, const char* host, const char* path) {
    Match match;
    table.find("GET", host, path, listener, match);
    return match.outcome == Outcome::kMatched ? static_cast<int>(match.route_index) : 0;
  };
  EXPECT_EQ(entry(0, "", "/a"), 1);
  EXPECT_EQ(entry(1, "", "/a"), 2);
  EXPECT_EQ(entry(2, "", "/a"), 2);
  EXPECT_EQ(entry(2, "h.example", "/a"), 4);
  EXPECT_EQ(entry(1, "h.example", "/a"), 2);
  EXPECT_EQ(entry(3, "", "/a"), 0);
  for (std::uint32_t listener = 0; listener < 4; ++listener) {
    EXPECT_EQ(entry(listener, "", "/b"), 3);
  }
  EXPECT_EQ(outcome_of(table, "POST", "", "/a", 1), "405 GET, HEAD");
  EXPECT_EQ(outcome_of(table, "POST", "", "/a", 3), "404");
}

TEST(TableRules, ATableCanBeMoved) {
  Table first = table_of({"/a/{name}", "/b"});
  const Table second = std::move(first);
  EXPECT_EQ(outcome_of(second, "GET", "", "/a/x"), "/a/{name} name=x");
}

}  // namespace
}  // namespace berth::mux
