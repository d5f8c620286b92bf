// What abi.h and HTTP allow in fields, lengths and escapes, as a host judges it. Not for use by
// tests but through Recorder.
#pragma once

#include <berth/abi.h>
#include <berth/testing/message.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace berth::testing {

inline void remove_field(std::vector<Field>& fields, std::string_view name) {
  std::erase_if(fields, [name](const Field& field) { return same_name(field.name, name); });
}

// Fields of the framing, which are the host's.
inline constexpr std::array<std::string_view, 6> kFraming{
    "Connection", "Keep-Alive", "Proxy-Connection", "Trailer", "Transfer-Encoding", "Upgrade"};

// Why a handler may not set this field; null: it may.
[[nodiscard]] inline const char* field_fault(std::string_view name, std::string_view value) {
  constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";  // RFC 9110 s5.6.2
  const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kTokenMarks.find(c) != std::string_view::npos;
  });
  if (!token) return "which is no token";
  const bool text = std::all_of(value.begin(), value.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
  if (!text) return "with a control character";
  if (same_name(name, "Connection") && same_name(value, "close")) return nullptr;
  for (const std::string_view framing : kFraming) {
    if (same_name(name, framing)) return "which is the host's";
  }
  return nullptr;
}

// The same for a trailer (RFC 9110 s6.5.1).
[[nodiscard]] inline const char* trailer_fault(std::string_view name, std::string_view value) {
  constexpr std::array<std::string_view, 8> kForbidden{
      "Authorization", "Cache-Control", "Content-Encoding", "Content-Length", "Content-Range",
      "Content-Type",  "Host",          "Set-Cookie"};
  for (const std::string_view forbidden : kForbidden) {
    if (same_name(name, forbidden)) return "which may not be a trailer";
  }
  if (same_name(name, "Connection")) return "which is the host's";
  return field_fault(name, value);
}

[[nodiscard]] inline std::optional<std::uint64_t> number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What a host answers with where serve() failed before the head; 0: nothing, the client is gone.
[[nodiscard]] inline int error_status(std::int32_t result) noexcept {
  switch (result) {
    case BERTH_E_TOO_LARGE:
      return 413;
    case BERTH_E_TIMEOUT:
      return 408;
    case BERTH_E_CLOSED:
      return 0;
    default:
      return 500;
  }
}
// The body of such a reply.
[[nodiscard]] inline std::string_view error_text(int status) noexcept {
  switch (status) {
    case 413:
      return "413 Content Too Large\n";
    case 408:
      return "408 Request Timeout\n";
    default:
      return "500 Internal Server Error\n";
  }
}

// Percent-decoded; nullopt: a malformed escape.
[[nodiscard]] inline std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_blank) c = ' ';
    if (c == '%') {
      unsigned byte = 0;
      const char* const first = text.data() + i + 1;
      const std::size_t left = std::min<std::size_t>(2, text.size() - i - 1);
      if (std::from_chars(first, first + left, byte, 16).ptr != first + 2) return std::nullopt;
      c = static_cast<char>(byte);
      i += 2;
    }
    out += c;
  }
  return out;
}

// application/x-www-form-urlencoded; malformed pairs are left out.
[[nodiscard]] inline std::vector<Field> parse_query(std::string_view query) {
  std::vector<Field> values;
  for (std::size_t at = 0; at <= query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string_view pair = query.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals), true);
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!pair.empty() && name && value) values.push_back({*name, *value});
  }
  return values;
}

}  // namespace berth::testing
