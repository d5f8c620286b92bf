// Text of unknown origin made safe to show on a terminal and in one line. Not an encoder for JSON
// or HTML.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace berth::config {

// The length in bytes of the well-formed UTF-8 sequence that `text` begins with (RFC 3629), 0 where
// it begins with none. Stores its code point. REQUIRES: text is not empty.
[[nodiscard]] std::size_t decode_utf8(std::string_view text, char32_t& code_point) noexcept;

// `text` with control characters, DEL, bidirectional and zero-width marks as \u{..} and bytes that
// are not UTF-8 as \x.. : safe on a terminal and one line long. Printable text is unchanged.
[[nodiscard]] std::string printable(std::string_view text);

// `text` printable, shortened to 60 characters and in double quotes, for use inside a message.
[[nodiscard]] std::string quote(std::string_view text);

}  // namespace berth::config
