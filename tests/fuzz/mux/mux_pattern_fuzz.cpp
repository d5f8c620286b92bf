// Patterns, one a line, then an empty line, then "METHOD HOST PATH" lines that are looked up.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mux/conflict_text.h"
#include "mux/cut.h"
#include "mux/explain.h"
#include "mux/precedence.h"
#include "mux/table.h"
#include "unit/mux/naive_matcher.h"

namespace berth::mux {
namespace {
using testing::naive_find;
using testing::path_matches;

constexpr std::size_t kMaxPatterns = 24;

void require(bool holds, const char* what, std::string_view about) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\nfor: %.*s\n", what, static_cast<int>(about.size()),
               about.data());
  std::abort();
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::optional<Pattern> parse(std::string_view text) {
  auto pattern = Pattern::parse(text);
  if (!pattern.ok()) {
    require(pattern.error().offset <= text.size(), "the error is within the text", text);
    require(!pattern.error().text.empty(), "the error says something", text);
    return std::nullopt;
  }
  const std::string canonical = to_string(*pattern);
  auto again = Pattern::parse(canonical);
  // Encoding may make it longer than a pattern may be.
  if (canonical.size() <= berth::base::limits::kPattern) {
    require(again.ok() && *again == *pattern, "the canonical text parses to the same", text);
    require(to_string(*again) == canonical, "the canonical text is canonical", text);
  }
  return std::move(*pattern);
}

void check_pair(const Pattern& a, const Pattern& b) {
  const std::string both = a.text() + "   " + b.text();
  require(relation(a, b) == mirror(relation(b, a)), "relation is mirrored", both);
  require(compare_paths(a, b) == mirror(compare_paths(b, a)), "compare_paths is mirrored", both);
  require(conflicts(a, b) == conflicts(b, a), "conflicts is symmetric", both);
  if (conflicts(a, b)) require(!describe_conflict(a, b).empty(), "a conflict has words", both);
  const Relation paths = compare_paths(a, b);
  if (paths != Relation::kDisjoint) {
    const std::string common = common_path(a, b);
    require(path_matches(a, common) && path_matches(b, common), "both match the common path", both);
  }
  if (paths == Relation::kOverlaps || paths == Relation::kMoreGeneral) {
    const std::string only = difference_path(a, b);
    require(path_matches(a, only) && !path_matches(b, only), "the paths differ there", both);
  }
}

void check_conflicts(const std::vector<Pattern>& patterns, std::string_view about) {
  std::vector<Route> routes;
  std::size_t expected = 0;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) expected += conflicts(patterns[i], patterns[j]) ? 1U : 0U;
    routes.push_back({patterns[i], {}, 0, {}});
  }
  const Conflicts found = find_conflicts(routes);
  require(found.more ? expected > found.found.size() : expected == found.found.size(),
          "each conflict is found once", about);
}

void check_lookup(const Table& table, const std::vector<Pattern>& patterns, std::string_view line) {
  const std::string_view method = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(method.size() + 1, line.size()));
  const std::string_view host = line.substr(0, line.find(' '));
  const std::string_view path = line.substr(std::min(host.size() + 1, line.size()));
  Match match;
  table.find(method, host, path, 0, match);
  Pieces pieces;
  const PathState state = cut(path, pieces);
  if (state == PathState::kBad) {
    require(match.outcome == Outcome::kBadRequest, "a bad path is a bad request", line);
    return;
  }
  const Explanation explanation = explain(table, method, host, path, {}, 0);
  require(explanation.outcome == match.outcome, "explain says what find says", line);
  if (match.outcome == Outcome::kRedirect) {
    const std::string location = redirect_location(match, path, {});
    require(location.starts_with('/') && !location.starts_with("//"), "redirects stay here", line);
    Match next;
    table.find(method, host, location, 0, next);
    require(method == "CONNECT" || next.outcome != Outcome::kRedirect, "one redirect is enough",
            line);
    require(next.outcome != Outcome::kBadRequest, "no redirect leads to a bad request", line);
    return;
  }
  if (state != PathState::kClean) return;
  std::string lower(without_port(host));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto expected = naive_find(patterns, method, lower, path);
  require(expected.has_value() == (match.outcome == Outcome::kMatched), "found as naively", line);
  if (!expected) {
    const bool allowed = !table.allowed_methods(host, path, 0).empty();
    require(allowed == (match.outcome == Outcome::kMethodNotAllowed), "405 has an Allow", line);
    return;
  }
  require(*expected == match.entry, "the same route as naively", line);
  require(!explanation.candidates.empty() && explanation.candidates[0].entry == match.entry &&
              explanation.candidates[0].verdict == Verdict::kWins,
          "explain lists the winner first", line);
  for (const PathValue& value : match.values()) {
    require(value.offset <= path.size() && value.length <= path.size() - value.offset,
            "values are within the path", line);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(data, data + size);
  std::string_view text(bytes);
  std::vector<Pattern> patterns;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    std::optional<Pattern> pattern = parse(line);
    if (pattern && patterns.size() < kMaxPatterns) patterns.push_back(std::move(*pattern));
  }
  for (const Pattern& a : patterns) {
    for (const Pattern& b : patterns) check_pair(a, b);
  }
  check_conflicts(patterns, bytes);

  std::vector<Pattern> kept;
  std::vector<Route> routes;
  for (const Pattern& pattern : patterns) {
    const bool fits = std::none_of(kept.begin(), kept.end(),
                                   [&](const Pattern& other) { return conflicts(other, pattern); });
    if (!fits) continue;
    kept.push_back(pattern);
    routes.push_back({pattern, {}, 0, {}});
  }
  const auto table = Table::build(std::move(routes), 1, size);
  require(table.ok(), "a table without conflicts is built", bytes);
  for (int lookups = 0; !text.empty() && lookups < 16; ++lookups) {
    check_lookup(*table, kept, take_line(text));
  }
  return 0;
}

}  // namespace berth::mux
