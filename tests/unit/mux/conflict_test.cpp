#include "mux/conflict.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "mux/precedence.h"
#include "unit/mux/make_table.h"

namespace berth::mux {
namespace {

using testing::make_route;

std::vector<Route> routes_of(const std::vector<std::string_view>& patterns) {
  std::vector<Route> routes;
  for (const std::string_view text : patterns) {
    routes.push_back(make_route(text, static_cast<std::uint32_t>(routes.size() + 1)));
  }
  return routes;
}

// "1-2d" for a duplicate, "1-3" for an overlap; places counted from 1.
std::string pairs(const std::vector<Route>& routes) {
  std::string out;
  for (const Conflict& conflict : find_conflicts(routes).found) {
    if (!out.empty()) out += ' ';
    out += std::to_string(conflict.first + 1) + '-' + std::to_string(conflict.second + 1);
    if (conflict.duplicate) out += 'd';
  }
  return out;
}

TEST(Conflict, PairsAreFoundAllAtOnce) {
  struct Row {
    std::vector<std::string_view> patterns;
    const char* pairs;
  };
  const Row rows[] = {
      {{}, ""},
      {{"/a"}, ""},
      {{"/a", "/a"}, "1-2d"},
      {{"/a", "/a", "/a"}, "1-2d 1-3d 2-3d"},
      {{"/{x}", "/{y}"}, "1-2d"},
      {{"/", "/{all...}"}, "1-2d"},
      {{"/a%2Fb", "/a%2fb"}, "1-2d"},
      {{"GET /a", "GET /a"}, "1-2d"},
      {{"GET /a", "POST /a", "HEAD /a", "/a"}, ""},
      {{"h/a", "H/a"}, "1-2d"},
      {{"h/a", "i/a", "/a"}, ""},
      {{"/a/{x}", "/{x}/b"}, "1-2"},
      {{"/{x}/b", "/a/{x}"}, "1-2"},
      {{"/a/{x}", "/{x}/b", "/a/b"}, "1-2"},
      {{"/a/", "/{x}/b"}, "1-2"},
      {{"/{x}/b/", "/a/"}, "1-2"},
      {{"/a/", "/{x}/{$}"}, "1-2"},
      {{"/a/", "/{x}/b/c/d/{y}", "/{x}/{$}", "/{x}/q/"}, "1-2 1-3 1-4"},
      {{"GET /{x}", "/a"}, "1-2"},
      {{"/a", "GET /{x}"}, "1-2"},
      {{"HEAD /", "GET /a"}, "1-2"},
      {{"GET /", "/a/{$}"}, "1-2"},
      {{"/a/{$}", "/a/{x}", "/a", "/a/"}, ""},
      {{"/{a}/x/{c}", "/{a}/{b}/y", "/q/{b}/{c}"}, "1-2 1-3 2-3"},
      {{"/a/{x}/c", "/{x}/b/{y}", "/a/b/{y}", "/a/b/c"}, "1-2 1-3"},
      {{"/a", "/b", "/a", "/{x}", "/{z}", "/c/"}, "1-3d 4-5d"},
  };
  for (const Row& row : rows) {
    std::string all;
    for (const std::string_view text : row.patterns) all += std::string(text) + "  ";
    EXPECT_EQ(pairs(routes_of(row.patterns)), row.pairs) << all;
  }
}

TEST(Conflict, NeedsAListenerInCommon) {
  const auto on = [](std::vector<std::uint32_t> first, std::vector<std::uint32_t> second) {
    std::vector<Route> routes;
    routes.push_back(make_route("/a", 1, std::move(first)));
    routes.push_back(make_route("/a", 2, std::move(second)));
    return pairs(routes);
  };
  EXPECT_EQ(on({0}, {1}), "");
  EXPECT_EQ(on({0, 2}, {1, 3}), "");
  EXPECT_EQ(on({0, 2}, {2, 1}), "1-2d");
  EXPECT_EQ(on({}, {1}), "1-2d");
  EXPECT_EQ(on({1}, {}), "1-2d");
  EXPECT_EQ(on({}, {}), "1-2d");
}

TEST(Conflict, SaysWhyAndNamesBothPositions) {
  const auto found = find_conflicts(routes_of({"/a/{x}", "/b", "/{y}/b", "GET /b", "/b"})).found;
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].first_position.text(), "routes.yaml:1:5");
  EXPECT_EQ(found[0].second_position.text(), "routes.yaml:3:5");
  EXPECT_EQ(message(found[0]),
            "routes.yaml:3:5: error: conflicting routes: /{y}/b and /a/{x} both match paths like "
            "/a/b, and neither is more specific: only the first matches /y/b, only the second /a/x "
            "(the first: routes.yaml:1:5)");
  EXPECT_EQ(message(found[1]),
            "routes.yaml:5:5: error: duplicate route: /b matches the same requests as /b "
            "(the first: routes.yaml:2:5)");
}

TEST(Conflict, ATableWithConflictsIsNotBuilt) {
  const auto table = Table::build(routes_of({"/a", "/a", "/b", "/b"}), 1, 1);
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().found.size(), 2U);
  EXPECT_FALSE(table.error().more);
}

TEST(Conflict, TheSearchEndsAtTheLimit) {
  const std::vector<std::string_view> patterns(base::limits::kConfigErrors + 2, "/a");
  const Conflicts conflicts = find_conflicts(routes_of(patterns));
  EXPECT_EQ(conflicts.found.size(), base::limits::kConfigErrors);
  EXPECT_TRUE(conflicts.more);
}

// Every set of up to 3 segments over a small alphabet: the walk finds what comparing each with each
// does.
TEST(Conflict, TheWalkFindsWhatComparingEachWithEachDoes) {
  std::vector<std::string> texts;
  const std::vector<std::string> middles = {"/a", "/b", "/{x}"};
  const std::vector<std::string> ends = {"", "/", "/{$}"};
  for (const std::string& end : ends) {
    if (!end.empty()) texts.push_back(end);
    for (const std::string& first : middles) {
      texts.push_back(first + end);
      for (const std::string& second : middles) {
        texts.push_back(first + (second == "/{x}" ? "/{y}" : second) + end);
      }
    }
  }
  std::vector<Route> pair;
  for (const std::string& a : texts) {
    for (const std::string& b : texts) {
      for (const char* method : {"", "GET "}) {
        pair.clear();
        pair.push_back(make_route(a, 1));
        pair.push_back(make_route(method + b, 2));
        EXPECT_EQ(find_conflicts(pair).found.size(),
                  conflicts(pair[0].pattern, pair[1].pattern) ? 1U : 0U)
            << a << "  " << method << b;
      }
    }
  }
}

}  // namespace
}  // namespace berth::mux
