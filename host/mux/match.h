// What a Table found for a request. Plain data: it owns nothing and points nowhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/limits.h"

namespace berth::mux {

// What a wildcard matched: a part of the raw path, still percent-encoded (see decoded in path.h).
// Never with the slash before it; of {name...} possibly empty.
struct PathValue {
  std::uint32_t offset;
  std::uint32_t length;
  // REQUIRES: raw_path is the one that was looked up.
  [[nodiscard]] std::string_view in(std::string_view raw_path) const noexcept {
    return {raw_path.data() + offset, length};
  }
};

enum class Outcome : std::uint8_t {
  kMatched,           // route_index is to answer
  kRedirect,          // to redirect_location(), with redirect_status()
  kMethodNotAllowed,  // other methods are allowed: 405 with Table::allowed_methods()
  kNotFound,          // 404
  kBadRequest,        // the path is refused, see PathState::kBad: 400
};

// Left uninitialized but for the outcome: a Match is made for each request. Only kMatched sets
// entry, route_index and the values; only kRedirect sets adds_slash.
struct Match {
  Outcome outcome = Outcome::kNotFound;
  bool adds_slash;            // the target is the cleaned path and a "/"
  std::uint32_t entry;        // the route's place in Table::routes()
  std::uint32_t route_index;  // Route::route_index
  std::uint32_t value_count;
  std::array<PathValue, base::limits::kPatternSegments> values_buffer;

  // In the order of Table::value_names(entry).
  [[nodiscard]] std::span<const PathValue> values() const noexcept {
    return {values_buffer.data(), value_count};
  }
};

}  // namespace berth::mux
