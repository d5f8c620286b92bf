// The canonical form of a path that the mux matches and redirects to; purely lexical, no file
// system and no decoding ("%2e" is not a dot, "%2f" not a slash: Go 1.22).
#pragma once

#include <string>
#include <string_view>

namespace berth::http {

// Whether clean_path would change it. Cheap: one pass, no allocation.
[[nodiscard]] bool needs_cleaning(std::string_view path) noexcept;

// Appends the path to out with "." and ".." resolved (".." above the root is the root) and "//"
// merged; what does not begin with "/" gets one; a final "/" stays (Go's cleanPath). So
// "/a/../b//c/" is "/b/c/", "/a/." is "/a", "" is "/".
void clean_path(std::string_view path, std::string& out);

}  // namespace berth::http
