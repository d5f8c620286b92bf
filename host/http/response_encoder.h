// Writes the head of a response (RFC 9112 s4, s5); the body and its chunks are appended by others.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "http/fields.h"

namespace berth::http {

// Appends status line, fields and the empty line. The version is always HTTP/1.1, whatever the
// client speaks (RFC 9110 s2.5). An unregistered status has an empty phrase. Rejects nothing: names
// and values were validated when they were set.
// REQUIRES: 100 <= status <= 999.
void append_head(std::string& out, int status, const Fields& fields);

// The first line alone, without allocating.
class StatusLine {
 public:
  explicit StatusLine(int status) noexcept;
  // With CR LF. Dies with this object.
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, 64> text_;  // the longest registered phrase has 31 bytes
  std::size_t size_;
};

}  // namespace berth::http
