#include "mux/draft_tree.h"

namespace berth::mux {

void DraftTree::add(const Pattern& pattern, std::uint32_t entry) {
  std::uint32_t at = 0;
  for (const Segment& segment : pattern.segments()) {
    switch (segment.kind) {
      case Segment::Kind::kLiteral: {
        const auto found = nodes_[at].literals.find(segment.text);
        if (found != nodes_[at].literals.end()) {
          at = found->second;
        } else {
          const std::uint32_t child = new_node();
          nodes_[at].literals.emplace(segment.text, child);
          at = child;
        }
        break;
      }
      case Segment::Kind::kWildcard:
        if (nodes_[at].wildcard == kNone) {
          const std::uint32_t child = new_node();
          nodes_[at].wildcard = child;
        }
        at = nodes_[at].wildcard;
        break;
      case Segment::Kind::kEnd:
        nodes_[at].end.push_back(entry);
        return;
      case Segment::Kind::kRest:
        nodes_[at].rest.push_back(entry);
        return;
    }
  }
  nodes_[at].here.push_back(entry);
}

std::uint32_t DraftTree::new_node() {
  nodes_.emplace_back();
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

}  // namespace berth::mux
