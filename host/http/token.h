// The characters and small syntaxes of RFC 9110 s5.6 that everything else is made of; no parser of
// whole messages.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace berth::http {

namespace character {

// What a byte may be part of; a byte has several of these bits.
inline constexpr std::uint8_t kToken = 1;       // tchar, RFC 9110 s5.6.2
inline constexpr std::uint8_t kFieldValue = 2;  // field-vchar, SP, HTAB, RFC 9110 s5.5
inline constexpr std::uint8_t kTarget = 4;      // VCHAR: what a request target may hold at all
inline constexpr std::uint8_t kRegName = 8;     // unreserved and sub-delims, RFC 3986 s3.2.2
inline constexpr std::uint8_t kDigit = 16;
inline constexpr std::uint8_t kHexDigit = 32;
inline constexpr std::uint8_t kPath = 64;  // kTarget without what splits or escapes: "?", "#", "%"
inline constexpr std::uint8_t kPlain = 128;  // letters, digits, "-" and "."

using Table = std::array<std::uint8_t, 256>;

inline constexpr Table kTable = [] {
  Table table{};
  const auto add = [&table](std::string_view characters, unsigned bits) {
    for (const char c : characters) {
      std::uint8_t& entry = table[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | bits);
    }
  };
  add("0123456789", kDigit | kHexDigit | kToken | kRegName | kPlain);
  add("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", kToken | kRegName | kPlain);
  add("ABCDEFabcdef", kHexDigit);
  add("!#$%&'*+-.^_`|~", kToken);
  add("-._~!$&'()*+,;=", kRegName);
  add("-.", kPlain);
  for (unsigned c = 0x21; c <= 0x7e; ++c) {
    table[c] = static_cast<std::uint8_t>(table[c] | kTarget | kFieldValue);
  }
  for (unsigned c = 0x80; c <= 0xff; ++c) table[c] = kFieldValue;  // obs-text
  add(" \t", kFieldValue);
  for (unsigned c = 0x21; c <= 0x7e; ++c) {
    if (c != '?' && c != '#' && c != '%') table[c] = static_cast<std::uint8_t>(table[c] | kPath);
  }
  return table;
}();

[[nodiscard]] constexpr bool is(char c, std::uint8_t bits) noexcept {
  return (kTable[static_cast<unsigned char>(c)] & bits) != 0;
}

}  // namespace character

// A token, RFC 9110 s5.6.2: at least one tchar and nothing else.
[[nodiscard]] bool is_token(std::string_view text) noexcept;

// No CR, LF, NUL or other control but HTAB; obs-text is allowed (RFC 9110 s5.5). Empty is a value.
// Blanks at the ends are not looked at: a parser trims them, a receiver of ours would too.
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;

// ASCII letters only; other bytes have to be equal. No locale.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// Whether a field name is `lowercase_name`, ignoring case, by words instead of bytes: for the names
// a server looks for in every request. REQUIRES: is_token(name); lowercase_name is letters and "-".
[[nodiscard]] bool is_name(std::string_view name, std::string_view lowercase_name) noexcept;

// Without the SP and HTAB at both ends (OWS, RFC 9110 s5.6.3). A view into text.
[[nodiscard]] std::string_view trim_ows(std::string_view text) noexcept;

// uri-host [ ":" port ], RFC 9112 s3.2 with RFC 3986 s3.2.2: a registered name or IPv4 address, or
// an IP literal in brackets. Userinfo, empty hosts and ports above 65535 are refused; an empty port
// ("host:") is allowed, as in the RFC. (The empty Host *field* is framing_of's business.)
[[nodiscard]] bool is_host(std::string_view text) noexcept;

template <class Word>
[[nodiscard]] inline bool same_word_ignoring_case(const char* name,
                                                  const char* lowercase) noexcept {
  Word a;
  Word b;
  std::memcpy(&a, name, sizeof a);
  std::memcpy(&b, lowercase, sizeof b);
  return (a | static_cast<Word>(0x2020202020202020U)) == b;
}

// Inline: with a literal it folds to a few compares. Setting bit 5 makes letters lower-case and
// leaves "-"; no other tchar becomes a letter or "-" by it.
inline bool is_name(std::string_view name, std::string_view lowercase_name) noexcept {
  const std::size_t size = lowercase_name.size();
  if (name.size() != size) return false;
  const char* a = name.data();
  const char* b = lowercase_name.data();
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8) {
      if (!same_word_ignoring_case<std::uint64_t>(a + at, b + at)) return false;
    }
    return same_word_ignoring_case<std::uint64_t>(a + size - 8, b + size - 8);
  }
  if (size >= 4) {
    return same_word_ignoring_case<std::uint32_t>(a, b) &&
           same_word_ignoring_case<std::uint32_t>(a + size - 4, b + size - 4);
  }
  return equal_ignoring_case(name, lowercase_name);
}

// Walks the elements of a comma list (RFC 9110 s5.6.1): trimmed, empty ones skipped, commas inside
// quoted strings kept. Elements are views into the value.
//
//   for (ListElements list(value); list.next();) use(list.element());
class ListElements {
 public:
  explicit ListElements(std::string_view value) noexcept : rest_(value) {}

  // False at the end.
  [[nodiscard]] bool next() noexcept;
  // REQUIRES: next() returned true.
  [[nodiscard]] std::string_view element() const noexcept { return element_; }

 private:
  std::string_view rest_;
  std::string_view element_;
};

// Whether one element of a comma list is `token`, ignoring case (Connection, TE, Upgrade).
[[nodiscard]] bool list_contains(std::string_view value, std::string_view token) noexcept;

}  // namespace berth::http
