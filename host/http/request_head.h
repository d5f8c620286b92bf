// A request line with its field lines, as views; whoever received the bytes owns them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "http/fields.h"

namespace berth::http {

// Filled by HeadParser (or, later, from an HTTP/2 header block). Every view dies with the bytes it
// was parsed from, and `fields` with its parser's next reset. Syntax is checked, meaning is not:
// framing_of and parse_target do that.
struct RequestHead {
  std::string_view method;  // a token, as received: methods are case-sensitive (RFC 9110 s9.1)
  std::string_view target;  // as received, percent-encoded
  int minor_version = 1;    // of HTTP/1: 0 or 1
  std::span<const Field> fields;  // in the order received; values trimmed

  // The value of the first field line of this name, ignoring case.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;
  // How many field lines have this name, ignoring case.
  [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
};

}  // namespace berth::http
