#include "observe/escape.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace berth::observe {

namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = 0x8080808080808080;
constexpr std::string_view kUpperHex = "0123456789ABCDEF";
constexpr std::string_view kLowerHex = "0123456789abcdef";

std::uint8_t byte(char c) noexcept { return static_cast<std::uint8_t>(c); }

constexpr bool is_plain(std::uint8_t c) noexcept {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

// Sets the high bit of some byte if any byte of word is zero; none if none is.
constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept {
  return (word - kOnes) & ~word & kHighs;
}

// Eight bytes at a time: most values are plain from end to end.
bool all_plain(std::uint64_t word) noexcept {
  const std::uint64_t below_space = (word - kOnes * 0x20) & ~word & kHighs;
  const std::uint64_t specials = zero_bytes(word ^ (kOnes * '"')) |
                                 zero_bytes(word ^ (kOnes * '\\')) |
                                 zero_bytes(word ^ (kOnes * 0x7f));
  return (below_space | specials | (word & kHighs)) == 0;
}

std::size_t plain_prefix(std::string_view value) noexcept {
  std::size_t i = 0;
  while (i + sizeof(std::uint64_t) <= value.size()) {
    std::uint64_t word = 0;
    std::memcpy(&word, value.data() + i, sizeof word);
    if (!all_plain(word)) break;
    i += sizeof word;
  }
  while (i < value.size() && is_plain(byte(value[i]))) ++i;
  return i;
}

// Adds units (escapes or characters) that stay whole, and knows where to cut when one no longer
// fits.
class Bounded {
 public:
  Bounded(LineBuffer& line, std::size_t max_bytes) noexcept
      : line_(line), end_(line.size() + std::min(max_bytes, line.room())), safe_(line.size()) {}

  // Any byte of a run may be the last one. False: cut, nothing more may be added.
  bool add_run(std::string_view run) noexcept {
    if (run.size() > left()) {
      const std::size_t cut = left() > kCutMark.size() ? left() - kCutMark.size() : 0;
      line_.add(run.substr(0, cut));
      note();
      return finish();
    }
    // The place for the mark may lie inside this run.
    if (left() - run.size() < kCutMark.size() && left() >= kCutMark.size()) {
      safe_ = end_ - kCutMark.size();
    }
    line_.add(run);
    note();
    return true;
  }
  bool add_unit(std::string_view unit) noexcept {
    if (unit.size() > left()) return finish();
    line_.add(unit);
    note();
    return true;
  }

 private:
  [[nodiscard]] std::size_t left() const noexcept { return end_ - line_.size(); }
  void note() noexcept {
    if (left() >= kCutMark.size()) safe_ = line_.size();
  }
  bool finish() noexcept {
    line_.rewind(safe_);
    if (left() >= kCutMark.size()) line_.add(kCutMark);
    return false;
  }

  LineBuffer& line_;
  const std::size_t end_;  // line_'s size at most
  std::size_t safe_;       // a boundary behind which the mark fits
};

struct Decoded {
  std::uint32_t code_point = 0;
  std::size_t size = 0;  // 0: not valid UTF-8
};

// RFC 3629 s4: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode(std::string_view text) noexcept {
  const std::uint8_t first = byte(text[0]);
  std::size_t size = 0;
  std::uint32_t value = 0;
  std::uint32_t smallest = 0;
  if ((first & 0xe0) == 0xc0) {
    size = 2, value = first & 0x1fU, smallest = 0x80;
  } else if ((first & 0xf0) == 0xe0) {
    size = 3, value = first & 0x0fU, smallest = 0x800;
  } else if ((first & 0xf8) == 0xf0) {
    size = 4, value = first & 0x07U, smallest = 0x10000;
  } else {
    return {};
  }
  if (text.size() < size) return {};
  for (std::size_t i = 1; i < size; ++i) {
    const std::uint8_t next = byte(text[i]);
    if ((next & 0xc0) != 0x80) return {};
    value = (value << 6) | (next & 0x3fU);
  }
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < smallest || value > 0x10ffff || surrogate) return {};
  return {value, size};
}

bool steers(std::uint32_t code_point) noexcept {
  return (code_point >= 0x80 && code_point <= 0x9f) || code_point == 0x200e ||
         code_point == 0x200f || (code_point >= 0x2028 && code_point <= 0x202e) ||
         (code_point >= 0x2066 && code_point <= 0x2069);
}

using UnicodeEscape = std::array<char, 6>;

// REQUIRES code_point <= 0xffff.
UnicodeEscape unicode_escape(std::uint32_t code_point) noexcept {
  return {'\\',
          'u',
          kLowerHex[(code_point >> 12) & 15],
          kLowerHex[(code_point >> 8) & 15],
          kLowerHex[(code_point >> 4) & 15],
          kLowerHex[code_point & 15]};
}

}  // namespace

void add_ascii(LineBuffer& line, std::string_view value, std::size_t max_bytes) noexcept {
  Bounded out(line, max_bytes);
  while (!value.empty()) {
    const std::size_t plain = plain_prefix(value);
    if (plain != 0 && !out.add_run(value.substr(0, plain))) return;
    value.remove_prefix(plain);
    if (value.empty()) return;
    const std::uint8_t c = byte(value.front());
    const std::array<char, 4> escape{'\\', 'x', kUpperHex[c >> 4], kUpperHex[c & 15]};
    if (!out.add_unit({escape.data(), escape.size()})) return;
    value.remove_prefix(1);
  }
}

void add_json(LineBuffer& line, std::string_view value, std::size_t max_bytes) noexcept {
  Bounded out(line, max_bytes);
  while (!value.empty()) {
    const std::size_t plain = plain_prefix(value);
    if (plain != 0 && !out.add_run(value.substr(0, plain))) return;
    value.remove_prefix(plain);
    if (value.empty()) return;
    const char c = value.front();
    Decoded decoded{byte(c), 1};
    bool escaped = true;
    if (byte(c) >= 0x80) {
      decoded = decode(value);
      if (decoded.size == 0) {
        decoded = {0xfffd, 1};
      } else {
        escaped = steers(decoded.code_point);
      }
    }
    std::string_view unit = value.substr(0, decoded.size);
    UnicodeEscape escape;
    if (c == '"') {
      unit = "\\\"";
    } else if (c == '\\') {
      unit = "\\\\";
    } else if (escaped) {
      escape = unicode_escape(decoded.code_point);
      unit = {escape.data(), escape.size()};
    }
    if (!out.add_unit(unit)) return;
    value.remove_prefix(decoded.size);
  }
}

bool is_bare(std::string_view value) noexcept {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return is_plain(byte(c)) && c != ' ' && c != '=';
  });
}

}  // namespace berth::observe
