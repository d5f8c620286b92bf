// Copying and comparing a few bytes without a call: what most field lines and names are. Not for
// moves within overlapping memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace berth::base {

namespace detail {

// The first and the last Block, which overlap and cover all. REQUIRES: size is one to two Blocks.
template <std::size_t block>
[[gnu::always_inline]] inline void copy_ends(char* to, const char* from,
                                             std::size_t size) noexcept {
  struct Block {
    unsigned char bytes[block];
  };
  Block first;
  Block last;
  std::memcpy(&first, from, block);
  std::memcpy(&last, from + size - block, block);
  std::memcpy(to, &first, block);
  std::memcpy(to + size - block, &last, block);
}

}  // namespace detail

// Copies all of `text` to `to`, which has room for it, and returns where it ends there. Up to 64
// bytes cost about ten instructions.
[[gnu::always_inline]] inline char* copy_text(char* to, std::string_view text) noexcept {
  const std::size_t size = text.size();
  if (size > 64) {
    std::memcpy(to, text.data(), size);
  } else if (size > 32) {
    detail::copy_ends<32>(to, text.data(), size);
  } else if (size >= 16) {
    detail::copy_ends<16>(to, text.data(), size);
  } else if (size >= 8) {
    detail::copy_ends<8>(to, text.data(), size);
  } else if (size >= 4) {
    detail::copy_ends<4>(to, text.data(), size);
  } else if (size > 0) {
    to[0] = text[0];
    to[size / 2] = text[size / 2];
    to[size - 1] = text[size - 1];
  }
  return to + size;
}

namespace detail {

template <class Word>
[[nodiscard]] [[gnu::always_inline]] inline bool same_ends(const char* a, const char* b,
                                                           std::size_t size) noexcept {
  const auto load = [](const char* from) {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
  };
  const std::size_t last = size - sizeof(Word);
  return ((load(a) ^ load(b)) | (load(a + last) ^ load(b + last))) == 0;
}

}  // namespace detail

// Whether `size` bytes are the same.
[[nodiscard]] [[gnu::always_inline]] inline bool same_bytes(const char* a, const char* b,
                                                            std::size_t size) noexcept {
  if (size > 16) [[unlikely]]
    return std::memcmp(a, b, size) == 0;
  if (size >= 8) return detail::same_ends<std::uint64_t>(a, b, size);
  if (size >= 4) return detail::same_ends<std::uint32_t>(a, b, size);
  if (size >= 2) return detail::same_ends<std::uint16_t>(a, b, size);
  return size == 0 || *a == *b;
}

// a == b
[[nodiscard]] [[gnu::always_inline]] inline bool same_text(std::string_view a,
                                                           std::string_view b) noexcept {
  return a.size() == b.size() && same_bytes(a.data(), b.data(), a.size());
}

}  // namespace berth::base
