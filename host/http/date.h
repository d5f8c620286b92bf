// HTTP dates (RFC 9110 s5.6.7) as text and back; no clock and no locale.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace berth::http {

// Bytes of "Sun, 06 Nov 1994 08:49:37 GMT".
inline constexpr std::size_t kDateBytes = 29;

// IMF-fixdate, not terminated. REQUIRES: years 0 to 9999.
[[nodiscard]] std::array<char, kDateBytes> format_date(std::chrono::sys_seconds time) noexcept;

// IMF-fixdate, RFC 850 or asctime form, case-sensitive as in the RFC; nothing for any other text,
// or where the day of the week is not a name or a number is out of range (a second of 60 is taken
// as 59). `now` decides the century of an RFC 850 year: one over 50 years ahead is in the past.
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_date(
    std::string_view text, std::chrono::sys_seconds now) noexcept;

}  // namespace berth::http
