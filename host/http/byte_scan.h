// Finds the end of a run of plain bytes, sixteen at a time where the processor can: the inner loops
// of the head parser. Not a general search.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "http/token.h"

namespace berth::http {

// The first byte of [begin, end) that may not stand in a field value (RFC 9110 s5.5): a control
// character but HTAB. end if there is none.
[[nodiscard]] inline const char* find_value_end(const char* begin, const char* end) noexcept {
#if defined(__SSE2__)
  for (; end - begin >= 16; begin += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    const int stops = _mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del));
    if (stops != 0) return begin + __builtin_ctz(static_cast<unsigned>(stops));
  }
#endif
  while (begin != end && character::is(*begin, character::kFieldValue)) ++begin;
  return begin;
}

// The first byte of [begin, end) outside visible ASCII. end if there is none.
[[nodiscard]] inline const char* find_target_end(const char* begin, const char* end) noexcept {
#if defined(__SSE2__)
  for (; end - begin >= 16; begin += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const __m128i visible = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(0x20)),
                                          _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x7f)));
    const int stops = _mm_movemask_epi8(visible) ^ 0xffff;
    if (stops != 0) return begin + __builtin_ctz(static_cast<unsigned>(stops));
  }
#endif
  while (begin != end && character::is(*begin, character::kTarget)) ++begin;
  return begin;
}

// The first byte of [begin, end) that is no tchar. end if there is none. The sixteen are looked at
// for letters, digits and "-" only, which is all that most names are made of.
[[nodiscard]] inline const char* find_token_end(const char* begin, const char* end) noexcept {
#if defined(__SSE2__)
  if (end - begin >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(begin));
    const __m128i lower = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    const __m128i letter = _mm_and_si128(_mm_cmpgt_epi8(lower, _mm_set1_epi8('a' - 1)),
                                         _mm_cmplt_epi8(lower, _mm_set1_epi8('z' + 1)));
    const __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('0' - 1)),
                                        _mm_cmplt_epi8(bytes, _mm_set1_epi8('9' + 1)));
    const __m128i dash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-'));
    const int plain = _mm_movemask_epi8(_mm_or_si128(_mm_or_si128(letter, digit), dash));
    begin += __builtin_ctz(~static_cast<unsigned>(plain));
  }
#endif
  while (begin != end && character::is(*begin, character::kToken)) ++begin;
  return begin;
}

}  // namespace berth::http
