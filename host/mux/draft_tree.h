// The patterns of one host as a tree of segments while a table is being built: it can be walked
// from node to node, which the finished Trie cannot.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "mux/pattern.h"

namespace berth::mux {

// Entries are the caller's numbers for the patterns it added.
class DraftTree {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Node {
    std::unordered_map<std::string, std::uint32_t> literals;
    std::uint32_t wildcard = kNone;
    std::vector<std::uint32_t> here;  // entries whose last segment led to this node
    std::vector<std::uint32_t> end;   // entries that end here with {$}
    std::vector<std::uint32_t> rest;  // entries that end here with {name...} or a trailing slash
  };

  DraftTree() : nodes_(1) {}

  void add(const Pattern& pattern, std::uint32_t entry);

  // Node 0 is the root.
  [[nodiscard]] const std::vector<Node>& nodes() const noexcept { return nodes_; }

 private:
  [[nodiscard]] std::uint32_t new_node();

  std::vector<Node> nodes_;
};

}  // namespace berth::mux
