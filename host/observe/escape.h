// Makes anybody's bytes safe to stand in a log line: no line breaks, no terminal escapes, no forged
// fields (CWE-117, CVE-2009-4487, CVE-2003-0020). It adds no quotes.
#pragma once

#include <cstddef>
#include <string_view>

#include "observe/line_buffer.h"

namespace berth::observe {

// What a cut value ends in.
inline constexpr std::string_view kCutMark = "...";

// Both add at most max_bytes to line (and at most its room()); a value that needs more is cut
// between two characters and ends in kCutMark, within max_bytes. Any thread.

// Printable ASCII only: bytes below 0x20, from 0x7f on, '"' and '\' become \xHH (upper case).
void add_ascii(LineBuffer& line, std::string_view value, std::size_t max_bytes) noexcept;

// The inside of a JSON string (RFC 8259 s7) and valid UTF-8: '"', '\' and control characters are
// escaped, a byte that is no part of valid UTF-8 (RFC 3629) becomes \ufffd; characters that steer
// terminals or turn the reading direction (U+0080-9F, U+200E-F, U+2028-2E, U+2066-69) become
// \uXXXX.
void add_json(LineBuffer& line, std::string_view value, std::size_t max_bytes) noexcept;

// Whether value can stand in a text line without quotes: not empty, printable ASCII without space,
// '"', '\' and '='.
[[nodiscard]] bool is_bare(std::string_view value) noexcept;

}  // namespace berth::observe
