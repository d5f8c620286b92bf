// The patterns of a table as finished tries over path segments: only looked up in. Knows nothing of
// hosts' meaning, listeners or redirects: that is Table.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mux/draft_tree.h"
#include "mux/edge_map.h"
#include "mux/methods.h"
#include "mux/path.h"

namespace berth::mux {

// Several tries with a root each share one set of nodes and one map of literal steps. Immutable and
// free of locks: any number of threads may look up at once.
class Trie {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // Collects tries; build() ends it.
  class Builder {
   public:
    // The number of a node without anything below it.
    [[nodiscard]] std::uint32_t add_node();
    void add_edge(std::uint32_t parent, std::string_view text, std::uint32_t child);
    // Adds all of a draft and returns its root. methods[entry] is the method of each entry.
    [[nodiscard]] std::uint32_t add_tree(const DraftTree& draft,
                                         std::span<const Methods::Id> methods);
    [[nodiscard]] Trie build(std::uint64_t seed) &&;

   private:
    friend class Trie;
    struct Leaf {
      Methods::Id method;
      std::uint32_t entry;
    };
    struct Leaves {
      std::uint32_t first = 0;
      std::uint32_t count = 0;
    };
    struct Node {
      Leaves here;
      Leaves end;
      Leaves rest;
      std::uint32_t wildcard = kNone;
      bool has_literals = false;
    };

    [[nodiscard]] Leaves add_leaves(const std::vector<std::uint32_t>& entries,
                                    std::span<const Methods::Id> methods);

    std::vector<Node> nodes_;
    std::vector<Leaf> leaves_;
    std::vector<EdgeMap::Edge> edges_;
    std::string texts_;
  };

  // The entry of the most specific pattern below root that takes the path and the method; kNone if
  // there is none. method may be Methods::kEvery: any pattern that takes the path, whatever its
  // method. Visits no node twice, so the cost is bounded by the nodes that lead along the path.
  [[nodiscard]] std::uint32_t find(std::uint32_t root, std::string_view raw_path,
                                   const Pieces& pieces, Methods::Id method) const noexcept;

  // Appends the methods of all patterns below root that take the path, in no order, some twice.
  void collect_methods(std::uint32_t root, std::string_view raw_path, const Pieces& pieces,
                       std::vector<Methods::Id>& out) const;

  // The node that a literal step leads to; kNone if there is none.
  [[nodiscard]] std::uint32_t child(std::uint32_t node, std::string_view text) const noexcept {
    return edges_.find(node, text);
  }

 private:
  // find, from a node that the first `depth` pieces led to.
  [[nodiscard]] std::uint32_t find_from(std::uint32_t at, std::uint32_t depth,
                                        std::string_view raw_path, const Pieces& pieces,
                                        Methods::Id method) const noexcept;

  using Leaf = Builder::Leaf;
  using Leaves = Builder::Leaves;
  using Node = Builder::Node;

  Trie(std::vector<Node> nodes, std::vector<Leaf> leaves, EdgeMap edges)
      : nodes_(std::move(nodes)), leaves_(std::move(leaves)), edges_(std::move(edges)) {}

  [[nodiscard]] std::uint32_t accept(Leaves leaves, Methods::Id method) const noexcept;
  [[nodiscard]] std::uint32_t literal(std::uint32_t node, std::string_view piece,
                                      bool encoded) const noexcept;
  [[nodiscard]] std::uint32_t decoded_literal(std::uint32_t node,
                                              std::string_view piece) const noexcept;
  void collect(std::uint32_t node, std::size_t depth, std::string_view raw_path,
               const Pieces& pieces, std::vector<Methods::Id>& out) const;

  std::vector<Node> nodes_;
  std::vector<Leaf> leaves_;
  EdgeMap edges_;
};

inline std::uint32_t Trie::accept(Leaves leaves, Methods::Id method) const noexcept {
  for (std::uint32_t i = 0; i < leaves.count; ++i) {
    const Leaf& leaf = leaves_[leaves.first + i];
    if (Methods::takes(leaf.method, method)) return leaf.entry;
  }
  return kNone;
}

// As far as there is one way only, nothing has to be kept for later.
[[gnu::always_inline]] inline std::uint32_t Trie::find(std::uint32_t root,
                                                       std::string_view raw_path,
                                                       const Pieces& pieces,
                                                       Methods::Id method) const noexcept {
  if (pieces.encoded()) [[unlikely]]
    return find_from(root, 0, raw_path, pieces, method);
  const std::size_t count = pieces.count();
  std::uint32_t at = root;
  for (std::uint32_t depth = 0; depth < count; ++depth) {
    assert(depth < Pieces::kKept);
    const Node& node = nodes_[at];
    if (pieces.length(depth) == 0 || node.rest.count != 0) {
      return find_from(at, depth, raw_path, pieces, method);
    }
    std::uint32_t next = node.wildcard;
    if (node.has_literals) {
      const std::uint32_t found = edges_.find(at, pieces.text(depth, raw_path));
      if (found != kNone) {
        if (next != kNone) return find_from(at, depth, raw_path, pieces, method);
        next = found;
      }
    }
    if (next == kNone) return kNone;
    at = next;
  }
  return accept(nodes_[at].here, method);
}

}  // namespace berth::mux
