// Cuts a request's raw path at its slashes, sixteen bytes at a time where the processor can: the
// first step of every lookup, so it is inlined there. What the pieces mean is path.h's.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "mux/path.h"

namespace berth::mux {

namespace detail {

// Which of up to 16 bytes are what, a bit each, the first byte lowest.
struct Marks {
  unsigned slashes;
  unsigned slashes_and_dots;
  unsigned percents;
};

#if defined(__SSE2__)
[[gnu::always_inline]] inline Marks marks_of(__m128i bytes) noexcept {
  const auto where = [](__m128i in, char c) {
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(in, _mm_set1_epi8(c))));
  };
  static_assert(('.' | 1) == '/' && ('/' | 1) == '/');
  return {where(bytes, '/'), where(_mm_or_si128(bytes, _mm_set1_epi8(1)), '/'), where(bytes, '%')};
}
#endif

// REQUIRES: count is in 1..16.
[[gnu::always_inline]] inline Marks marks_of(const char* from, std::size_t count) noexcept {
#if defined(__SSE2__)
  if (count == 16) return marks_of(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  if (count >= 8) {
    // Two words that overlap; of the second one only what the first does not have. Two shifts,
    // because there may be nothing left of it.
    std::uint64_t low;
    std::uint64_t high;
    std::memcpy(&low, from, sizeof low);
    std::memcpy(&high, from + count - sizeof high, sizeof high);
    high = (high >> 1) >> (127 - 8 * count);
    return marks_of(_mm_unpacklo_epi64(_mm_cvtsi64_si128(static_cast<long long>(low)),
                                       _mm_cvtsi64_si128(static_cast<long long>(high))));
  }
#endif
  Marks marks{0, 0, 0};
  for (std::size_t i = 0; i < count; ++i) {
    marks.slashes |= static_cast<unsigned>(from[i] == '/') << i;
    marks.slashes_and_dots |= static_cast<unsigned>(from[i] == '/' || from[i] == '.') << i;
    marks.percents |= static_cast<unsigned>(from[i] == '%') << i;
  }
  return marks;
}

inline void cut_at(unsigned slashes, std::size_t offset, Pieces& out) noexcept {
  for (; slashes != 0; slashes &= slashes - 1) {
    out.slash_at(offset + static_cast<unsigned>(std::countr_zero(slashes)));
  }
}

// Of a path that holds something unusual: its state, and whether a piece is encoded.
[[nodiscard]] PathState cut_unusual(std::string_view raw_path, Pieces& out) noexcept;
// REQUIRES: out is clear, raw_path is not empty.
[[nodiscard]] PathState cut_long(std::string_view raw_path, Pieces& out) noexcept;

// REQUIRES: raw_path has 1 to 16 bytes, out is clear.
[[gnu::always_inline]] inline PathState cut_short(std::string_view raw_path, Pieces& out) noexcept {
  const Marks marks = marks_of(raw_path.data(), raw_path.size());
  cut_at(marks.slashes, 0, out);
  out.end_piece(raw_path.size());
  // Slashes and dots right behind a slash, and each "%".
  const unsigned unusual = (marks.slashes_and_dots & marks.slashes << 1) | marks.percents;
  return unusual == 0 ? PathState::kClean : cut_unusual(raw_path, out);
}

}  // namespace detail

// Cuts the path at its slashes, percent-encoded ones not counted. out is set unless kBad. An empty
// path has no pieces. Paths over 4 GiB are not supported.
[[nodiscard]] [[gnu::always_inline]] inline PathState cut(std::string_view raw_path,
                                                          Pieces& out) noexcept {
  out.clear(false);
  if (raw_path.empty()) return PathState::kEmptyPieces;
  if (raw_path.front() != '/') return PathState::kBad;
  return raw_path.size() <= 16 ? detail::cut_short(raw_path, out) : detail::cut_long(raw_path, out);
}

}  // namespace berth::mux
