#include "http/forwarded.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <utility>

#include "http/token.h"

namespace berth::http {

namespace {

// RFC 9110 s5.6.4: an odd number of backslashes before a quote makes it a part of the string.
bool is_escaped(std::string_view text, std::size_t at) noexcept {
  const std::size_t before = text.substr(0, at).find_last_not_of('\\');
  const std::size_t backslashes = before == std::string_view::npos ? at : at - before - 1;
  return backslashes % 2 == 1;
}

// The last comma outside of quoted strings, seen from the end.
std::size_t last_comma(std::string_view text, ElementsFromTheEnd::Quotes quotes) noexcept {
  if (quotes == ElementsFromTheEnd::Quotes::kNone) return text.rfind(',');
  bool quoted = false;
  for (std::size_t i = text.size(); i-- > 0;) {
    if (text[i] == '"' && !(quoted && is_escaped(text, i))) {
      quoted = !quoted;
    } else if (text[i] == ',' && !quoted) {
      return i;
    }
  }
  return std::string_view::npos;
}

// RFC 7239 s6.3: "_" and at least one letter, digit, ".", "_" or "-".
bool is_obfuscated(std::string_view text) noexcept {
  return text.size() > 1 && text.front() == '_' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c == '_' || character::is(c, character::kPlain); });
}

// RFC 7239 s6.2. One that is obfuscated counts as not told.
std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
  constexpr std::size_t kMostDigits = 5;
  if (is_obfuscated(text)) return std::uint16_t{0};
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || stop != end || text.size() > kMostDigits) return std::nullopt;
  return port;
}

// Takes a token or a quoted string off the front. nullopt: neither stands there, or it is too long.
std::optional<std::string_view> take_value(std::string_view& text,
                                           std::span<char>& scratch) noexcept {
  if (!text.starts_with('"')) {
    const auto* const end = std::find_if_not(
        text.begin(), text.end(), [](char c) { return character::is(c, character::kToken); });
    const std::string_view token(text.begin(), static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(token.size());
    if (token.empty()) return std::nullopt;
    return token;
  }
  text.remove_prefix(1);
  const std::size_t plain = text.find_first_of("\"\\");
  if (plain == std::string_view::npos) return std::nullopt;
  if (text[plain] == '"') {
    const std::string_view value = text.substr(0, plain);
    text.remove_prefix(plain + 1);
    return value;
  }
  std::size_t size = 0;
  for (; !text.empty() && text.front() != '"'; text.remove_prefix(1)) {
    if (text.front() == '\\') text.remove_prefix(1);
    if (text.empty() || size == scratch.size()) return std::nullopt;
    scratch[size++] = text.front();
  }
  if (text.empty()) return std::nullopt;
  text.remove_prefix(1);
  const std::string_view value(scratch.data(), size);
  scratch = scratch.subspan(size);
  return value;
}

}  // namespace

bool ElementsFromTheEnd::next() noexcept {
  for (;;) {
    while (!rest_) {
      if (fields_.empty()) return false;
      const Field& field = fields_.back();
      fields_ = fields_.first(fields_.size() - 1);
      if (is_name(field.name, name_)) rest_ = field.value;
    }
    const std::size_t comma = last_comma(*rest_, quotes_);
    if (comma == std::string_view::npos) {
      element_ = trim_ows(*rest_);
      rest_.reset();
    } else {
      element_ = trim_ows(rest_->substr(comma + 1));
      rest_ = rest_->substr(0, comma);
    }
    if (!element_.empty()) return true;
  }
}

std::optional<ForwardedNode> parse_forwarded_node(std::string_view text) noexcept {
  ForwardedNode node;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    node.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    // An IPv4 address stands without brackets, RFC 7239 s6.
    if (node.host.find(':') == std::string_view::npos) return std::nullopt;
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    node.host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (!port.empty()) {
    const auto number = port.front() == ':' ? parse_port(port.substr(1)) : std::nullopt;
    if (!number) return std::nullopt;
    node.port = *number;
  }
  if (node.host.empty()) return std::nullopt;
  if (is_obfuscated(node.host) || equal_ignoring_case(node.host, "unknown")) node.host = {};
  return node;
}

std::optional<ForwardedNode> parse_x_forwarded_for(std::string_view text) noexcept {
  const bool bare_v6 = !text.starts_with('[') && text.find(':') != text.rfind(':');
  if (bare_v6) return ForwardedNode{.host = text};
  return parse_forwarded_node(text);
}

std::optional<ForwardedElement> parse_forwarded_element(std::string_view text,
                                                        std::span<char> scratch) noexcept {
  assert(scratch.size() >= kForwardedScratch);
  ForwardedElement element;
  bool has_by = false;
  bool has_host = false;
  for (text = trim_ows(text); !text.empty(); text = trim_ows(text)) {
    if (text.front() == ';') {
      text.remove_prefix(1);
      continue;
    }
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || !is_token(text.substr(0, equals))) return std::nullopt;
    const std::string_view name = text.substr(0, equals);
    text.remove_prefix(equals + 1);
    const auto value = take_value(text, scratch);
    const std::string_view behind = trim_ows(text);
    if (!value || !(behind.empty() || behind.front() == ';')) return std::nullopt;
    bool twice = false;
    if (equal_ignoring_case(name, "for")) {
      twice = element.forwarded_for.has_value();
      element.forwarded_for = value;
    } else if (equal_ignoring_case(name, "proto")) {
      twice = element.proto.has_value();
      element.proto = value;
    } else if (equal_ignoring_case(name, "by")) {
      twice = std::exchange(has_by, true);
    } else if (equal_ignoring_case(name, "host")) {
      twice = std::exchange(has_host, true);
    }
    if (twice) return std::nullopt;
  }
  return element;
}

}  // namespace berth::http
