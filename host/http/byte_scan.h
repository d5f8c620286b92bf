// Finds the end of a run of plain bytes, sixteen at a time where the processor can: the inner loops
// of the head parser and of the checks of tokens, values, hosts and paths. Not a general search.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "http/token.h"

namespace berth::http {

namespace scan {

inline constexpr std::size_t kBlock = 16;  // bytes looked at together

#if defined(__SSE2__)
using Block = __m128i;

// A byte is 0xff where it is in first..last, else 0: moved to the bottom of the signed numbers, a
// range is one compare.
template <unsigned first, unsigned last>
[[nodiscard]] [[gnu::always_inline]] inline Block in_range(Block bytes) noexcept {
  static_assert(first < last && last - first < 128);
  const Block moved = _mm_sub_epi8(bytes, _mm_set1_epi8(static_cast<char>(first ^ 0x80U)));
  return _mm_cmplt_epi8(moved, _mm_set1_epi8(static_cast<char>((last - first + 1) ^ 0x80U)));
}
[[nodiscard]] [[gnu::always_inline]] inline Block equal_to(Block bytes, char c) noexcept {
  return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c));
}
[[nodiscard]] [[gnu::always_inline]] inline Block letters_or_digits(Block bytes) noexcept {
  const Block letters = in_range<'a', 'z'>(_mm_or_si128(bytes, _mm_set1_epi8(0x20)));
  return _mm_or_si128(letters, in_range<'0', '9'>(bytes));
}
// A bit for each byte that is 0xff, the first byte lowest.
[[nodiscard]] [[gnu::always_inline]] inline unsigned bits_of(Block bytes) noexcept {
  return static_cast<unsigned>(_mm_movemask_epi8(bytes));
}
#endif

// Each of these says what ends a run: `stops` for sixteen bytes as bits, `stops_at` for one.

// What may not stand in a field value (RFC 9110 s5.5): a control character but HTAB.
struct Value {
  [[nodiscard]] static bool stops_at(char c) noexcept {
    return !character::is(c, character::kFieldValue);
  }
#if defined(__SSE2__)
  [[nodiscard]] [[gnu::always_inline]] static unsigned stops(Block bytes) noexcept {
    const Block control = in_range<0, 0x1f>(bytes);
    return bits_of(
        _mm_or_si128(_mm_andnot_si128(equal_to(bytes, '\t'), control), equal_to(bytes, 0x7f)));
  }
#endif
};

// What is outside visible ASCII.
struct Target {
  [[nodiscard]] static bool stops_at(char c) noexcept {
    return !character::is(c, character::kTarget);
  }
#if defined(__SSE2__)
  [[nodiscard]] [[gnu::always_inline]] static unsigned stops(Block bytes) noexcept {
    return bits_of(in_range<0x21, 0x7e>(bytes)) ^ 0xffffU;
  }
#endif
};

// What is outside visible ASCII, or splits or escapes in a target.
struct Path {
  [[nodiscard]] static bool stops_at(char c) noexcept {
    return !character::is(c, character::kPath);
  }
#if defined(__SSE2__)
  [[nodiscard]] [[gnu::always_inline]] static unsigned stops(Block bytes) noexcept {
    const Block special = _mm_or_si128(_mm_or_si128(equal_to(bytes, '?'), equal_to(bytes, '#')),
                                       equal_to(bytes, '%'));
    return bits_of(_mm_andnot_si128(special, in_range<0x21, 0x7e>(bytes))) ^ 0xffffU;
  }
#endif
};

// What is neither letter, digit, "-" nor ".": all that most names and hosts are made of, and a part
// of both tokens and registered names. The rest of those is looked at one by one.
struct Plain {
  [[nodiscard]] static bool stops_at(char c) noexcept {
    return !character::is(c, character::kPlain);
  }
#if defined(__SSE2__)
  [[nodiscard]] [[gnu::always_inline]] static unsigned stops(Block bytes) noexcept {
    const Block marks = in_range<'-', '.'>(bytes);
    return bits_of(_mm_or_si128(letters_or_digits(bytes), marks)) ^ 0xffffU;
  }
#endif
};

#if defined(__SSE2__)
// Of fewer than sixteen bytes: the first and the last Word, which overlap and cover all.
template <class Set, class Word>
[[nodiscard]] [[gnu::always_inline]] inline const char* find_in_words(const char* begin,
                                                                      const char* end) noexcept {
  constexpr unsigned kWord = sizeof(Word);
  Word first;
  Word last;
  std::memcpy(&first, begin, kWord);
  std::memcpy(&last, end - kWord, kWord);
  Block bytes;
  if constexpr (kWord == 8) {
    bytes = _mm_unpacklo_epi64(_mm_cvtsi64_si128(static_cast<long long>(first)),
                               _mm_cvtsi64_si128(static_cast<long long>(last)));
  } else {
    bytes = _mm_unpacklo_epi32(_mm_cvtsi32_si128(static_cast<int>(first)),
                               _mm_cvtsi32_si128(static_cast<int>(last)));
  }
  const unsigned stops = Set::stops(bytes) & ((1U << 2 * kWord) - 1);
  if (stops == 0) return end;
  const auto at = static_cast<unsigned>(std::countr_zero(stops));
  return at < kWord ? begin + at : end - 2 * kWord + at;
}
#endif

// As find. Out of the way: most runs end within their first sixteen bytes.
template <class Set>
[[nodiscard]] [[gnu::noinline]] const char* find_far(const char* begin, const char* end) noexcept {
#if defined(__SSE2__)
  const auto stops_from = [](const char* from) {
    return Set::stops(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  };
  if (end - begin >= 16) {
    for (; end - begin > 16; begin += 16) {
      const unsigned stops = stops_from(begin);
      if (stops != 0) return begin + std::countr_zero(stops);
    }
    // The last sixteen, of which the first ones may have been seen.
    const unsigned stops = stops_from(end - 16);
    return stops == 0 ? end : end - 16 + std::countr_zero(stops);
  }
#endif
  while (begin != end && !Set::stops_at(*begin)) ++begin;
  return begin;
}

// The first byte of [begin, end) that ends the run; end if there is none. Reads no other byte. With
// `room` it may read up to kBlock bytes behind end, and then finds one there instead of end itself.
template <class Set, bool room = false>
[[nodiscard]] [[gnu::always_inline]] inline const char* find(const char* begin,
                                                             const char* end) noexcept {
#if defined(__SSE2__)
  if constexpr (room) {
    const unsigned stops = Set::stops(_mm_loadu_si128(reinterpret_cast<const __m128i*>(begin)));
    if (stops != 0) [[likely]]
      return begin + std::countr_zero(stops);
    if (end - begin <= static_cast<std::ptrdiff_t>(kBlock)) return end;
    // As many values are a little longer: a name with a port, a date.
    const char* const next = begin + kBlock;
    const unsigned more = Set::stops(_mm_loadu_si128(reinterpret_cast<const __m128i*>(next)));
    if (more != 0) return next + std::countr_zero(more);
    if (end - next <= static_cast<std::ptrdiff_t>(kBlock)) return end;
    return find_far<Set>(next + kBlock, end);
  }
  if (end - begin >= 16) [[likely]] {
    const unsigned stops = Set::stops(_mm_loadu_si128(reinterpret_cast<const __m128i*>(begin)));
    if (stops != 0) [[likely]]
      return begin + std::countr_zero(stops);
    if (end - begin <= 32) {
      // The last sixteen, of which the first ones may have been seen.
      const unsigned last = Set::stops(_mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 16)));
      return last == 0 ? end : end - 16 + std::countr_zero(last);
    }
  } else if (end - begin >= 8) {
    return find_in_words<Set, std::uint64_t>(begin, end);
  } else if (end - begin >= 4) {
    return find_in_words<Set, std::uint32_t>(begin, end);
  }
#endif
  return find_far<Set>(begin, end);
}

}  // namespace scan

// The first byte of [begin, end) that may not stand in a field value. end if there is none; so with
// those below.
[[nodiscard]] [[gnu::always_inline]] inline const char* find_value_end(const char* begin,
                                                                       const char* end) noexcept {
  return scan::find<scan::Value>(begin, end);
}

// The first one outside visible ASCII.
[[nodiscard]] [[gnu::always_inline]] inline const char* find_target_end(const char* begin,
                                                                        const char* end) noexcept {
  return scan::find<scan::Target>(begin, end);
}

// The first one that no path has: a "?", "#" or "%", or one outside visible ASCII.
[[nodiscard]] [[gnu::always_inline]] inline const char* find_path_end(const char* begin,
                                                                      const char* end) noexcept {
  return scan::find<scan::Path>(begin, end);
}

// The first one that lacks all the bits (character::kToken, character::kRegName). REQUIRES:
// letters, digits, "-" and "." have them.
template <std::uint8_t bits>
[[nodiscard]] [[gnu::always_inline]] inline const char* find_mostly_plain_end(
    const char* begin, const char* end) noexcept {
  const char* at = scan::find<scan::Plain>(begin, end);
  while (at != end && character::is(*at, bits)) ++at;
  return at;
}

// The first one that is no tchar.
[[nodiscard]] [[gnu::always_inline]] inline const char* find_token_end(const char* begin,
                                                                       const char* end) noexcept {
  return find_mostly_plain_end<character::kToken>(begin, end);
}

// The first one that is no tchar, of text that should be a field name: a colon ends most. `room` as
// of scan::find.
template <bool room>
[[nodiscard]] [[gnu::always_inline]] inline const char* find_field_name_end(
    const char* begin, const char* end) noexcept {
  const char* at = scan::find<scan::Plain, room>(begin, end);
  if (at >= end || *at == ':') [[likely]]
    return at;
  while (at != end && character::is(*at, character::kToken)) ++at;
  return at;
}

// The first one that no registered name has as it is.
[[nodiscard]] [[gnu::always_inline]] inline const char* find_registered_name_end(
    const char* begin, const char* end) noexcept {
  return find_mostly_plain_end<character::kRegName>(begin, end);
}

}  // namespace berth::http
