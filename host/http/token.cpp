#include "http/token.h"

#include <algorithm>
#include <charconv>

#include "http/byte_scan.h"

namespace berth::http {
namespace {

bool all_of(std::string_view text, std::uint8_t bits) noexcept {
  return std::all_of(text.begin(), text.end(), [bits](char c) { return character::is(c, bits); });
}

// A port, RFC 3986 s3.2.3: any digits, none included; more than 16 bits name no port.
bool is_port(std::string_view text) noexcept {
  unsigned port = 0;
  for (const char c : text) {
    const unsigned digit = static_cast<unsigned char>(c) - unsigned{'0'};
    if (digit > 9) return false;
    port = 10 * port + digit;
  }
  return text.size() <= 5 && port <= 65535;
}

// dec-octet "." dec-octet "." dec-octet "." dec-octet, RFC 3986 s3.2.2.
bool is_ipv4(std::string_view text) noexcept {
  for (int octets = 1;; ++octets) {
    const std::string_view octet = text.substr(0, text.find('.'));
    if (octet.empty() || octet.size() > 3 || !all_of(octet, character::kDigit)) return false;
    if (octet.size() > 1 && octet.front() == '0') return false;
    unsigned value = 0;
    std::from_chars(octet.data(), octet.data() + octet.size(), value);
    if (value > 255) return false;
    if (octet.size() == text.size()) return octets == 4;
    text.remove_prefix(octet.size() + 1);
  }
}

// IPv6address, RFC 3986 s3.2.2: eight groups, or fewer with one "::"; the last two may be an IPv4
// address. Zone identifiers mean nothing to a server.
bool is_ipv6(std::string_view text) noexcept {
  int groups = 0;
  bool shortened = text.substr(0, 2) == "::";
  if (shortened) text.remove_prefix(2);
  while (!text.empty()) {
    const std::string_view group = text.substr(0, text.find(':'));
    if (group.size() == text.size() && group.find('.') != std::string_view::npos) {
      groups += 2;
      return is_ipv4(group) && (shortened ? groups < 8 : groups == 8);
    }
    if (group.empty() || group.size() > 4 || !all_of(group, character::kHexDigit)) return false;
    ++groups;
    text.remove_prefix(group.size());
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.empty()) return false;  // a single colon at the end
    if (text.front() == ':') {
      if (shortened) return false;
      shortened = true;
      text.remove_prefix(1);
    }
  }
  return shortened ? groups < 8 : groups == 8;
}

// The end of the reg-name that text begins with, RFC 3986 s3.2.2; IPv4 addresses are among them.
const char* registered_name_end(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  for (const char* at = text.data();; at += 3) {
    while (at != end && character::is(*at, character::kRegName)) ++at;
    if (end - at < 3 || *at != '%') return at;
    if (!all_of({at + 1, 2}, character::kHexDigit)) return at;
  }
}

// A host in brackets, or with an escape. Out of the way: hardly any has them.
[[gnu::noinline]] bool is_unusual_host(std::string_view text) noexcept {
  if (text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos || !is_ipv6(text.substr(1, close - 1))) return false;
    const std::string_view rest = text.substr(close + 1);
    return rest.empty() || (rest.front() == ':' && is_port(rest.substr(1)));
  }
  const char* const end = text.data() + text.size();
  const char* const colon = registered_name_end(text);
  if (colon == text.data()) return false;
  return colon == end || (*colon == ':' && is_port({colon + 1, end}));
}

}  // namespace

bool is_token(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return !text.empty() && find_token_end(text.data(), end) == end;
}

bool is_field_value(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return find_value_end(text.data(), end) == end;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const unsigned difference = static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
    if (difference == 0) continue;
    const unsigned lower = static_cast<unsigned char>(a[i]) | 0x20U;
    if (difference != 0x20U || lower < 'a' || lower > 'z') return false;
  }
  return true;
}

std::string_view trim_ows(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_host(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  const char* const at = find_registered_name_end(text.data(), end);
  if (at == end) return !text.empty();
  if (*at == ':') return at != text.data() && is_port({at + 1, end});
  return is_unusual_host(text);
}

bool ListElements::next() noexcept {
  while (!rest_.empty()) {
    bool quoted = false;
    std::size_t end = 0;
    for (; end < rest_.size() && (quoted || rest_[end] != ','); ++end) {
      if (rest_[end] == '"') quoted = !quoted;
      if (quoted && rest_[end] == '\\') ++end;  // quoted-pair, RFC 9110 s5.6.4
    }
    end = std::min(end, rest_.size());
    element_ = trim_ows(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!element_.empty()) return true;
  }
  return false;
}

bool list_contains(std::string_view value, std::string_view token) noexcept {
  for (ListElements list(value); list.next();) {
    if (equal_ignoring_case(list.element(), token)) return true;
  }
  return false;
}

}  // namespace berth::http
