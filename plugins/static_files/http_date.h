// Dates of HTTP fields (RFC 9110 s5.6.7) and seconds since 1970, both ways. In English whatever the
// process's locale is.
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

namespace static_files {

// "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::time_t time);

// Any of the three forms a recipient has to take; nullopt: it is none.
[[nodiscard]] std::optional<std::time_t> parse_http_date(std::string_view text);

}  // namespace static_files
