// Guesses a content type from the first bytes of a response (WHATWG MIME Sniffing, the subset of
// Go's DetectContentType); it knows nothing of file names.
#pragma once

#include <cstddef>
#include <string_view>

namespace berth::http {

// Bytes that are looked at; more may be given.
inline constexpr std::size_t kSniffBytes = 512;

// Never empty: "application/octet-stream" where nothing fits, "text/plain; charset=utf-8" for no
// bytes at all. Static storage.
[[nodiscard]] std::string_view sniff_content_type(std::string_view content) noexcept;

}  // namespace berth::http
