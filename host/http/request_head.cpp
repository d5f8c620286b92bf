#include "http/request_head.h"

#include <algorithm>

#include "http/token.h"

namespace berth::http {

std::optional<std::string_view> RequestHead::find(std::string_view name) const noexcept {
  for (const Field& field : fields) {
    if (equal_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::size_t RequestHead::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(),
                    [name](const Field& field) { return equal_ignoring_case(field.name, name); }));
}

}  // namespace berth::http
