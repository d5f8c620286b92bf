#include "mux/conflict.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string_view>
#include <tuple>

#include "base/limits.h"
#include "mux/conflict_text.h"
#include "mux/draft_tree.h"
#include "mux/precedence.h"

namespace berth::mux {
namespace {

// Two patterns with a path in common run along the same way of the tree until, at some node, one of
// them takes a more general step, or to the end. Each pair is found once: from the one that is more
// specific at that node, or from the later one if there is none.
class Search {
 public:
  explicit Search(std::span<const Route> routes) : routes_(routes) {}

  void run() {
    for (std::uint32_t i = 0; i < routes_.size(); ++i) {
      trees_[routes_[i].pattern.host()].add(routes_[i].pattern, i);
    }
    for (std::uint32_t i = 0; i < routes_.size() && !result_.more; ++i) {
      entry_ = i;
      tree_ = &trees_[routes_[i].pattern.host()];
      walk(0, 0, false);
    }
    std::sort(result_.found.begin(), result_.found.end(), [](const auto& a, const auto& b) {
      return std::tie(a.second, a.first) < std::tie(b.second, b.first);
    });
  }

  [[nodiscard]] Conflicts take() { return std::move(result_); }

 private:
  // diverged: the way to this node took a more general step than the pattern does.
  void walk(std::uint32_t at, std::size_t depth, bool diverged) {
    const DraftTree::Node& node = tree_->nodes()[at];
    const std::vector<Segment>& segments = routes_[entry_].pattern.segments();
    if (depth == segments.size()) return compare(node.here, !diverged);
    const Segment& segment = segments[depth];
    compare(node.rest, !diverged && segment.kind == Segment::Kind::kRest);
    switch (segment.kind) {
      case Segment::Kind::kLiteral:
        if (const auto found = node.literals.find(segment.text); found != node.literals.end()) {
          walk(found->second, depth + 1, diverged);
        }
        if (node.wildcard != DraftTree::kNone) walk(node.wildcard, depth + 1, true);
        return;
      case Segment::Kind::kWildcard:
        if (node.wildcard != DraftTree::kNone) walk(node.wildcard, depth + 1, diverged);
        if (diverged) {
          for (const auto& [text, child] : node.literals) walk(child, depth + 1, true);
        }
        return;
      case Segment::Kind::kEnd:
        return compare(node.end, !diverged);
      case Segment::Kind::kRest:
        if (!diverged) return;
        compare(node.end, false);
        if (node.wildcard != DraftTree::kNone) all_below(node.wildcard);
        for (const auto& [text, child] : node.literals) all_below(child);
        return;
    }
  }

  void all_below(std::uint32_t at) {
    const DraftTree::Node& node = tree_->nodes()[at];
    compare(node.here, false);
    compare(node.end, false);
    compare(node.rest, false);
    if (node.wildcard != DraftTree::kNone) all_below(node.wildcard);
    for (const auto& [text, child] : node.literals) all_below(child);
  }

  void compare(const std::vector<std::uint32_t>& others, bool same_way) {
    for (const std::uint32_t other : others) {
      if (same_way && other >= entry_) return;  // entries were added in order
      const Route& a = routes_[std::min(entry_, other)];
      const Route& b = routes_[std::max(entry_, other)];
      if (!conflicts(a.pattern, b.pattern) || !share_listener(a, b)) continue;
      if (result_.found.size() == base::limits::kConfigErrors) {
        result_.more = true;
        return;
      }
      result_.found.push_back({std::min(entry_, other), std::max(entry_, other), a.position,
                               b.position, relation(a.pattern, b.pattern) == Relation::kEquivalent,
                               describe_conflict(b.pattern, a.pattern)});
    }
  }

  std::span<const Route> routes_;
  std::map<std::string_view, DraftTree> trees_;  // by host
  const DraftTree* tree_ = nullptr;
  std::uint32_t entry_ = 0;
  Conflicts result_;
};

}  // namespace

Conflicts find_conflicts(std::span<const Route> routes) {
  Search search(routes);
  search.run();
  return search.take();
}

std::string message(const Conflict& conflict) {
  return conflict.second_position.text() +
         ": error: " + (conflict.duplicate ? "duplicate route: " : "conflicting routes: ") +
         conflict.text + " (the first: " + conflict.first_position.text() + ")";
}

}  // namespace berth::mux
