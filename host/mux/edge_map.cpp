#include "mux/edge_map.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace berth::mux {

EdgeMap::EdgeMap(std::span<const Edge> edges, std::string texts, std::uint64_t seed)
    : slots_(std::bit_ceil(edges.size() * 4 + 1), Slot{0, {kNone, kNone, 0, 0}}),
      texts_(std::move(texts)),
      seed_(seed),
      mask_(slots_.size() - 1) {
  for (const Edge& edge : edges) {
    const std::uint64_t hashed =
        hash(edge.parent, {texts_.data() + edge.text_offset, edge.text_length});
    std::size_t at = hashed & mask_;
    while (slots_[at].edge.child != kNone) at = (at + 1) & mask_;
    slots_[at] = {hashed, edge};
  }
}

std::size_t EdgeMap::longest_search() const noexcept {
  std::size_t longest = 0;
  for (std::size_t at = 0; at < slots_.size(); ++at) {
    if (slots_[at].edge.child == kNone) continue;
    longest = std::max(longest, ((at - slots_[at].hash) & mask_) + 1);
  }
  return longest;
}

std::uint64_t EdgeMap::fold_long(std::uint64_t state, std::string_view text) noexcept {
  for (const char* at = text.data(); at < text.data() + text.size() - 16; at += 16) {
    state = mix(load<std::uint64_t>(at) ^ state, load<std::uint64_t>(at + 8) ^ kOdd1);
  }
  return state;
}

}  // namespace berth::mux
