#include "http/percent_encoding.h"

#include <cstddef>

#include "http/token.h"

namespace berth::http {
namespace {

bool is_escape(std::string_view text, std::size_t at) noexcept {
  return text.size() - at >= 3 && character::is(text[at + 1], character::kHexDigit) &&
         character::is(text[at + 2], character::kHexDigit);
}

// REQUIRES: a hexadecimal digit.
unsigned digit_value(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= '9' ? byte - unsigned{'0'} : (byte | 0x20U) - 'a' + 10;
}

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

bool has_valid_escapes(std::string_view text) noexcept {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 3)) {
    if (!is_escape(text, at)) return false;
  }
  return true;
}

bool percent_decode(std::string_view text, std::string& out) {
  if (!has_valid_escapes(text)) return false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t escape = text.find('%', at);
    out.append(text.substr(at, escape - at));
    if (escape == std::string_view::npos) break;
    out.push_back(
        static_cast<char>(16 * digit_value(text[escape + 1]) + digit_value(text[escape + 2])));
    at = escape + 3;
  }
  return true;
}

void percent_encode(std::string_view text, std::string_view also_plain, std::string& out) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    if (is_unreserved(c) || also_plain.find(c) != std::string_view::npos) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4U]);
    out.push_back(kDigits[byte & 15U]);
  }
}

}  // namespace berth::http
