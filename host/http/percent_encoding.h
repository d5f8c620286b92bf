// Percent-encoding (RFC 3986 s2.1), strictly; "+" is an ordinary character here, forms know better
// (QueryParameters).
#pragma once

#include <string>
#include <string_view>

namespace berth::http {

// Whether every "%" is followed by two hexadecimal digits.
[[nodiscard]] bool has_valid_escapes(std::string_view text) noexcept;

// Appends text to out, escapes replaced by their bytes (any byte, NUL and "/" too: once only, never
// decode the result again). False where an escape is malformed; out is then as it was.
[[nodiscard]] bool percent_decode(std::string_view text, std::string& out);

// Appends text to out with every byte but the unreserved characters (RFC 3986 s2.3) and those of
// `also_plain` escaped, hexadecimal digits in upper case.
void percent_encode(std::string_view text, std::string_view also_plain, std::string& out);

}  // namespace berth::http
