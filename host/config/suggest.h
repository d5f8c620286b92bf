// The word that was probably meant, for "did you mean". Not a spell checker: it only knows the
// candidates it is given.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace berth::config {

// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other, no
// substring edited twice (optimal string alignment). Bytes, case ignored. Time a.size() * b.size().
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest candidate (the first of equals) within a third of the word's length, at least one
// edit; else one that begins the word ("warn" for "warning"); else empty. Words over 64 bytes get
// no suggestion.
[[nodiscard]] std::string nearest(std::string_view word,
                                  std::span<const std::string_view> candidates);

}  // namespace berth::config
