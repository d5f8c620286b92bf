// The literal steps of all tries of a table in one hash map that is built once and only read then.
// Not a general map: it knows nothing but (node, text) -> node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/short_text.h"

namespace berth::mux {

// Open addressing at a quarter full. The hash is seeded, so that no client can choose texts that
// all begin their search at one place (faults.md 21).
class EdgeMap {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Edge {
    std::uint32_t parent;
    std::uint32_t child;
    std::uint32_t text_offset;  // in texts
    std::uint32_t text_length;
  };

  // REQUIRES: no two edges with the same parent and text.
  EdgeMap(std::span<const Edge> edges, std::string texts, std::uint64_t seed);

  // kNone where there is no such edge.
  // Inline where it is used: the call would cost as much as the hash.
  [[nodiscard]] [[gnu::always_inline]] std::uint32_t find(std::uint32_t parent,
                                                          std::string_view text) const noexcept {
    const std::uint64_t wanted = hash(parent, text);
    for (std::size_t at = wanted & mask_;; at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.hash == wanted && slot.edge.parent == parent &&
          slot.edge.text_length == text.size() &&
          base::same_bytes(texts_.data() + slot.edge.text_offset, text.data(), text.size())) {
        return slot.edge.child;
      }
      if (slot.edge.child == kNone) return kNone;
    }
  }

  // The most slots that find() looks at for one of its edges: whether the hash spreads them.
  [[nodiscard]] std::size_t longest_search() const noexcept;

 private:
  struct Slot {
    std::uint64_t hash;
    Edge edge;  // child kNone: free
  };

  static constexpr std::uint64_t kOdd1 = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio
  static constexpr std::uint64_t kOdd2 = 0x243f6a8885a308d3;  // digits of pi

  // Both halves of the product, so that every bit of either factor reaches the low ones.
  [[nodiscard]] static std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

  template <class Word>
  [[nodiscard]] static std::uint64_t load(const char* from) noexcept {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
  }

  // The hash of what is in front of the last 16 bytes. Out of the way: most segments are shorter.
  [[nodiscard]] static std::uint64_t fold_long(std::uint64_t state, std::string_view text) noexcept;

  [[nodiscard]] [[gnu::always_inline]] std::uint64_t hash(std::uint32_t parent,
                                                          std::string_view text) const noexcept {
    const std::size_t size = text.size();
    std::uint64_t state = seed_ ^ (parent * kOdd1) ^ size;
    if (size > 16) [[unlikely]]
      state = fold_long(state, text);
    const char* const end = text.data() + size;
    // The last 16 bytes, or all there are, in two words that may overlap.
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    if (size >= 8) {
      low = load<std::uint64_t>(end - (size < 16 ? size : 16));
      high = load<std::uint64_t>(end - 8);
    } else if (size >= 4) {
      low = load<std::uint32_t>(end - size);
      high = load<std::uint32_t>(end - 4);
    } else if (size > 0) {
      low = load<std::uint8_t>(end - size);
      high = load<std::uint8_t>(end - (size + 1) / 2) << 8 | load<std::uint8_t>(end - 1);
    }
    return mix(low ^ state, high ^ kOdd2);
  }

  std::vector<Slot> slots_;  // a power of two
  std::string texts_;
  std::uint64_t seed_;
  std::size_t mask_;
};

}  // namespace berth::mux
