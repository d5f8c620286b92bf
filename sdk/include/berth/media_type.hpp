// The media type of a file by its name: what the web is made of. Not a guess from its bytes.
#pragma once

#include <berth/field_text.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string_view>

namespace berth {

namespace detail {

struct KnownType {
  std::string_view extension;
  std::string_view type;
};

// Sorted by extension. Text is UTF-8; those that say their encoding themselves need no charset.
inline constexpr KnownType kKnownTypes[] = {
    {"aac", "audio/aac"},
    {"apng", "image/apng"},
    {"avif", "image/avif"},
    {"bmp", "image/bmp"},
    {"css", "text/css; charset=utf-8"},
    {"csv", "text/csv; charset=utf-8"},
    {"flac", "audio/flac"},
    {"gif", "image/gif"},
    {"gz", "application/gzip"},
    {"htm", "text/html; charset=utf-8"},
    {"html", "text/html; charset=utf-8"},
    {"ico", "image/vnd.microsoft.icon"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript; charset=utf-8"},
    {"json", "application/json"},
    {"jsonld", "application/ld+json"},
    {"log", "text/plain; charset=utf-8"},
    {"m4a", "audio/mp4"},
    {"map", "application/json"},
    {"md", "text/markdown; charset=utf-8"},
    {"mjs", "text/javascript; charset=utf-8"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"otf", "font/otf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"rss", "application/rss+xml"},
    {"svg", "image/svg+xml"},
    {"tar", "application/x-tar"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain; charset=utf-8"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webmanifest", "application/manifest+json"},
    {"webp", "image/webp"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xhtml", "application/xhtml+xml"},
    {"xml", "application/xml"},
    {"zip", "application/zip"},
};
static_assert(std::is_sorted(std::begin(kKnownTypes), std::end(kKnownTypes),
                             [](const KnownType& a, const KnownType& b) {
                               return a.extension < b.extension;
                             }));

inline constexpr std::size_t kLongestExtension = 11;  // webmanifest

}  // namespace detail

// By what follows the last dot, in any case; "application/octet-stream" where nothing is known.
// Static storage.
[[nodiscard]] inline std::string_view media_type(std::string_view name) noexcept {
  constexpr std::string_view kUnknown = "application/octet-stream";
  const std::size_t dot = name.find_last_of("./");
  if (dot == std::string_view::npos || name[dot] == '/') return kUnknown;
  const std::string_view given = name.substr(dot + 1);
  if (given.size() > detail::kLongestExtension) return kUnknown;
  char lower[detail::kLongestExtension];
  std::transform(given.begin(), given.end(), lower, detail::lower);
  const std::string_view extension(lower, given.size());
  const auto* found = std::lower_bound(
      std::begin(detail::kKnownTypes), std::end(detail::kKnownTypes), extension,
      [](const detail::KnownType& known, std::string_view e) { return known.extension < e; });
  return found != std::end(detail::kKnownTypes) && found->extension == extension ? found->type
                                                                                 : kUnknown;
}

}  // namespace berth
