#include "config/printable.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace berth::config {

namespace {

constexpr std::size_t kQuoted = 60;  // bytes of a text shown inside a message

constexpr std::string_view kHex = "0123456789abcdef";

std::uint32_t byte_at(std::string_view text, std::size_t index) noexcept {
  return static_cast<unsigned char>(text[index]);
}

struct Range {
  char32_t first;
  char32_t last;
};

// What moves the cursor, reorders or hides text: C0, DEL, C1 and the format characters that trick
// reviewers (line separators, bidirectional controls, zero-width marks, tags, the BOM).
constexpr std::array<Range, 10> kHidden{{
    {0x00, 0x1F},
    {0x7F, 0x9F},
    {0xAD, 0xAD},
    {0x61C, 0x61C},
    {0x200B, 0x200F},
    {0x2028, 0x202E},
    {0x2060, 0x206F},
    {0xFEFF, 0xFEFF},
    {0xFFF9, 0xFFFB},
    {0xE0000, 0xE007F},
}};

bool is_hidden(char32_t code_point) noexcept {
  return std::any_of(kHidden.begin(), kHidden.end(), [code_point](const Range& range) {
    return code_point >= range.first && code_point <= range.last;
  });
}

void append_hex(std::string& out, std::uint32_t value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), kHex[value % 16]);
    value /= 16;
  } while (value != 0);
  if (digits.size() < 2) digits.insert(digits.begin(), '0');
  out += digits;
}

}  // namespace

std::size_t decode_utf8(std::string_view text, char32_t& code_point) noexcept {
  const std::uint32_t first = byte_at(text, 0);
  if (first < 0x80) {
    code_point = first;
    return 1;
  }
  std::size_t length = 0;
  std::uint32_t least = 0;
  std::uint32_t value = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2, least = 0x80, value = first & 0x1F;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3, least = 0x800, value = first & 0x0F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4, least = 0x10000, value = first & 0x07;
  } else {
    return 0;
  }
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    const std::uint32_t next = byte_at(text, i);
    if ((next & 0xC0) != 0x80) return 0;
    value = (value << 6) | (next & 0x3F);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < least || value > 0x10FFFF || surrogate) return 0;
  code_point = value;
  return length;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    char32_t code_point = 0;
    const std::size_t length = decode_utf8(text, code_point);
    if (length == 0) {
      out += "\\x";
      append_hex(out, byte_at(text, 0));
    } else if (is_hidden(code_point)) {
      out += "\\u{";
      append_hex(out, code_point);
      out += '}';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string quote(std::string_view text) {
  if (text.size() <= kQuoted) return '"' + printable(text) + '"';
  std::size_t end = kQuoted;
  while (end > kQuoted - 4 && (byte_at(text, end) & 0xC0) == 0x80) --end;  // keep characters whole
  return '"' + printable(text.substr(0, end)) + "...\"";
}

}  // namespace berth::config
