// The media type of a file by its name: what the web is made of. Not a guess from its bytes.
#pragma once

#include <string_view>

namespace static_files {

// By what follows the last dot, in any case; "application/octet-stream" where nothing is known.
// Static storage.
[[nodiscard]] std::string_view media_type(std::string_view name) noexcept;

}  // namespace static_files
