// Over random small tables: find() takes what the naive matcher takes.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "mux/precedence.h"
#include "unit/mux/make_table.h"
#include "unit/mux/naive_matcher.h"

namespace berth::mux {
namespace {

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}

  template <class T>
  const T& pick(const std::vector<T>& choices) {
    return choices[engine_() % choices.size()];
  }

  std::string pattern() {
    std::string text = pick<std::string>({"", "", "", "GET ", "HEAD ", "POST "});
    text += pick<std::string>({"", "", "", "h.example", "i.example"});
    const std::size_t segments = engine_() % 4;
    for (std::size_t i = 0; i < segments; ++i) {
      const std::string name = "w" + std::to_string(i);
      text += pick<std::string>({"/a", "/b", "/long-segment-of-text", "/%2F", "/{" + name + "}"});
    }
    if (segments == 0) return text + pick<std::string>({"/", "/{$}", "/{r...}"});
    return text + pick<std::string>({"", "", "/", "/{$}", "/{r...}"});
  }

  std::string path() {
    std::string text;
    for (std::size_t i = engine_() % 5; i > 0; --i) {
      text += pick<std::string>({"/a", "/b", "/c", "/%61", "/long-segment-of-text", "/%2f"});
    }
    return text.empty() ? "/" : text + pick<std::string>({"", "", "/"});
  }

  std::uint32_t operator()() { return static_cast<std::uint32_t>(engine_()); }

 private:
  std::mt19937 engine_;
};

// As many of the patterns as do not conflict with one another.
std::vector<Pattern> without_conflicts(Dice& dice, std::size_t count) {
  std::vector<Pattern> kept;
  for (std::size_t i = 0; i < count; ++i) {
    Pattern next = std::move(Pattern::parse(dice.pattern())).value();
    const bool fits = std::none_of(kept.begin(), kept.end(),
                                   [&](const Pattern& p) { return conflicts(p, next); });
    if (fits) kept.push_back(std::move(next));
  }
  return kept;
}

std::string describe(const std::vector<Pattern>& patterns) {
  std::string out;
  for (const Pattern& pattern : patterns) out += pattern.text() + "   ";
  return out;
}

// What the table is to say, worked out from the naive matcher alone.
struct Expected {
  Outcome outcome = Outcome::kNotFound;
  std::uint32_t entry = 0;
};

bool exact(const Pattern& pattern, const std::string& path) {
  if (pattern.segments().back().kind != Segment::Kind::kRest) return true;
  return path.ends_with('/') && static_cast<std::size_t>(std::count(
                                    path.begin(), path.end(), '/')) == pattern.segments().size();
}

Expected expect(const std::vector<Pattern>& patterns, const std::string& method,
                const std::string& host, const std::string& path) {
  const auto found = testing::naive_find(patterns, method, host, path);
  if (!path.ends_with('/') && !(found && exact(patterns[*found], path))) {
    const auto subtree = testing::naive_find(patterns, method, host, path + '/');
    if (subtree && exact(patterns[*subtree], path + '/')) return {Outcome::kRedirect, 0};
  }
  if (found) return {Outcome::kMatched, *found};
  for (const Pattern& pattern : patterns) {
    if (!pattern.host().empty() && pattern.host() != host) continue;
    if (testing::path_matches(pattern, path) || testing::path_matches(pattern, path + '/')) {
      return {Outcome::kMethodNotAllowed, 0};
    }
  }
  return {Outcome::kNotFound, 0};
}

TEST(RandomTables, FindTakesTheMostSpecificOfAllThatMatch) {
  int outcomes[5] = {};
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    Dice dice(seed);
    const std::vector<Pattern> patterns = without_conflicts(dice, 1 + seed % 24);
    std::vector<Route> routes;
    for (const Pattern& pattern : patterns) routes.push_back({pattern, {}, 0, {}});
    const auto table = Table::build(std::move(routes), 1, seed);
    ASSERT_TRUE(table.ok()) << describe(patterns);
    for (int i = 0; i < 60; ++i) {
      const std::string method = dice.pick<std::string>({"GET", "HEAD", "POST", "PUT"});
      const std::string host = dice.pick<std::string>({"h.example", "i.example", "j.example", ""});
      const std::string path = dice.path();
      const Expected expected = expect(patterns, method, host, path);
      Match match;
      table->find(method, host, path, 0, match);
      ++outcomes[static_cast<int>(match.outcome)];
      const std::string what = method + ' ' + host + path + " of " + describe(patterns);
      ASSERT_EQ(match.outcome, expected.outcome) << what;
      if (match.outcome == Outcome::kMatched) {
        ASSERT_EQ(match.entry, expected.entry) << what;
      }
      if (match.outcome == Outcome::kMethodNotAllowed) {
        ASSERT_NE(table->allowed_methods(host, path, 0), "") << what;
      }
    }
  }
  // The dice reach all that they are meant to reach.
  EXPECT_GT(outcomes[static_cast<int>(Outcome::kMatched)], 1000);
  EXPECT_GT(outcomes[static_cast<int>(Outcome::kRedirect)], 500);
  EXPECT_GT(outcomes[static_cast<int>(Outcome::kMethodNotAllowed)], 500);
  EXPECT_GT(outcomes[static_cast<int>(Outcome::kNotFound)], 1000);
}

TEST(RandomTables, TheSeedOfTheHashChangesNothing) {
  Dice dice(7);
  const std::vector<Pattern> patterns = without_conflicts(dice, 40);
  const auto build = [&](std::uint64_t seed) {
    std::vector<Route> routes;
    for (const Pattern& pattern : patterns) routes.push_back({pattern, {}, 0, {}});
    return std::move(Table::build(std::move(routes), 1, seed)).value();
  };
  const Table first = build(0);
  const Table second = build(UINT64_MAX);
  for (int i = 0; i < 500; ++i) {
    const std::string path = dice.path();
    EXPECT_EQ(testing::outcome_of(first, "GET", "h.example", path),
              testing::outcome_of(second, "GET", "h.example", path));
  }
}

TEST(RandomTables, ALargeTableFindsEachOfItsRoutes) {
  std::vector<Route> routes;
  for (std::uint32_t i = 0; i < 20000; ++i) {
    const std::string n = std::to_string(i);
    routes.push_back(testing::make_route("GET /service" + n + "/{id}/item" + n, i));
  }
  const Table table = testing::make_table(std::move(routes));
  Match match;
  for (std::uint32_t i = 0; i < 20000; ++i) {
    const std::string n = std::to_string(i);
    table.find("GET", "", "/service" + n + "/x/item" + n, 0, match);
    ASSERT_EQ(match.outcome, Outcome::kMatched);
    ASSERT_EQ(match.route_index, i);
    table.find("GET", "", "/service" + n + "/x/item" + std::to_string(i + 1), 0, match);
    ASSERT_EQ(match.outcome, Outcome::kNotFound);
  }
}

}  // namespace
}  // namespace berth::mux
