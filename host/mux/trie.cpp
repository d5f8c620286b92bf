#include "mux/trie.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "base/limits.h"

namespace berth::mux {

std::uint32_t Trie::Builder::add_node() {
  nodes_.emplace_back();
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

void Trie::Builder::add_edge(std::uint32_t parent, std::string_view text, std::uint32_t child) {
  nodes_[parent].has_literals = true;
  edges_.push_back({parent, child, static_cast<std::uint32_t>(texts_.size()),
                    static_cast<std::uint32_t>(text.size())});
  texts_ += text;
}

std::uint32_t Trie::Builder::add_tree(const DraftTree& draft,
                                      std::span<const Methods::Id> methods) {
  const auto root = static_cast<std::uint32_t>(nodes_.size());
  nodes_.resize(nodes_.size() + draft.nodes().size());
  for (std::uint32_t i = 0; i < draft.nodes().size(); ++i) {
    const DraftTree::Node& from = draft.nodes()[i];
    Node& to = nodes_[root + i];
    to.here = add_leaves(from.here, methods);
    to.end = add_leaves(from.end, methods);
    to.rest = add_leaves(from.rest, methods);
    if (from.wildcard != DraftTree::kNone) to.wildcard = root + from.wildcard;
    for (const auto& [text, child] : from.literals) add_edge(root + i, text, root + child);
  }
  return root;
}

Trie::Builder::Leaves Trie::Builder::add_leaves(const std::vector<std::uint32_t>& entries,
                                                std::span<const Methods::Id> methods) {
  const Leaves leaves{static_cast<std::uint32_t>(leaves_.size()),
                      static_cast<std::uint32_t>(entries.size())};
  for (const std::uint32_t entry : entries) leaves_.push_back({methods[entry], entry});
  // The most specific method first: HEAD before GET, those without a method last.
  std::sort(leaves_.begin() + leaves.first, leaves_.end(),
            [](const Leaf& a, const Leaf& b) { return a.method > b.method; });
  return leaves;
}

Trie Trie::Builder::build(std::uint64_t seed) && {
  EdgeMap edges(edges_, std::move(texts_), seed);
  return Trie(std::move(nodes_), std::move(leaves_), std::move(edges));
}

std::uint32_t Trie::find_from(std::uint32_t at, std::uint32_t depth, std::string_view raw_path,
                              const Pieces& pieces, Methods::Id method) const noexcept {
  // Ways not taken yet, the more specific ones on top: a node to go on from, or one whose rest
  // patterns take what is left of the path.
  struct Way {
    std::uint32_t node;
    std::uint32_t depth;
    bool rest;
  };
  std::array<Way, 2 * Pieces::kKept> ways;
  std::size_t ways_left = 0;
  while (true) {
    const Node& node = nodes_[at];
    std::uint32_t next = kNone;
    if (depth == pieces.count()) {
      if (const std::uint32_t entry = accept(node.here, method); entry != kNone) return entry;
    } else {
      // No pattern is longer than kPatternSegments, so a node this deep has a piece that was kept.
      assert(depth < Pieces::kKept);
      if (pieces.length(depth) != 0) {
        if (node.rest.count != 0) ways[ways_left++] = {at, depth, true};
        next = node.wildcard;
        if (node.has_literals) {
          if (const std::uint32_t found =
                  literal(at, pieces.text(depth, raw_path), pieces.encoded());
              found != kNone) {
            if (next != kNone) ways[ways_left++] = {next, depth + 1, false};
            next = found;
          }
        }
      } else {
        // The slash at the end; elsewhere only a path that is not cleaned (CONNECT) has one.
        if (depth + 1 == pieces.count()) {
          if (const std::uint32_t entry = accept(node.end, method); entry != kNone) return entry;
        }
        if (const std::uint32_t entry = accept(node.rest, method); entry != kNone) return entry;
      }
    }
    if (next != kNone) {
      at = next;
      ++depth;
      continue;
    }
    while (true) {
      if (ways_left == 0) return kNone;
      const Way& way = ways[--ways_left];
      if (!way.rest) {
        at = way.node;
        depth = way.depth;
        break;
      }
      const std::uint32_t entry = accept(nodes_[way.node].rest, method);
      if (entry != kNone) return entry;
    }
  }
}

void Trie::collect_methods(std::uint32_t root, std::string_view raw_path, const Pieces& pieces,
                           std::vector<Methods::Id>& out) const {
  collect(root, 0, raw_path, pieces, out);
}

void Trie::collect(std::uint32_t at, std::size_t depth, std::string_view raw_path,
                   const Pieces& pieces, std::vector<Methods::Id>& out) const {
  const Node& node = nodes_[at];
  const auto add = [&](Leaves leaves) {
    for (std::uint32_t i = 0; i < leaves.count; ++i) {
      out.push_back(leaves_[leaves.first + i].method);
    }
  };
  if (depth == pieces.count()) return add(node.here);
  add(node.rest);
  if (pieces.length(depth) == 0) {
    if (depth + 1 == pieces.count()) add(node.end);
    return;
  }
  if (node.has_literals) {
    if (const std::uint32_t found = literal(at, pieces.text(depth, raw_path), pieces.encoded());
        found != kNone) {
      collect(found, depth + 1, raw_path, pieces, out);
    }
  }
  if (node.wildcard != kNone) collect(node.wildcard, depth + 1, raw_path, pieces, out);
}

inline std::uint32_t Trie::literal(std::uint32_t node, std::string_view piece,
                                   bool encoded) const noexcept {
  if (encoded) [[unlikely]]
    return decoded_literal(node, piece);
  return edges_.find(node, piece);
}

// Segments are compared decoded, each on its own: "/a%2Fb" is one segment.
std::uint32_t Trie::decoded_literal(std::uint32_t node, std::string_view piece) const noexcept {
  // A byte takes three encoded, and no literal has more than its pattern.
  std::array<char, 3 * base::limits::kPattern> buffer;
  if (piece.size() > buffer.size()) return kNone;
  return edges_.find(node, decoded(piece, buffer));
}

}  // namespace berth::mux
