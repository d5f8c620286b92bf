#include "resource_name.h"

#include <algorithm>
#include <cstddef>

namespace static_files {

namespace {

bool has_encoded_slash(std::string_view target) noexcept {
  const std::string_view path = target.substr(0, target.find('?'));
  for (std::size_t at = path.find("%2"); at != std::string_view::npos;
       at = path.find("%2", at + 1)) {
    const std::string_view digit = path.substr(at + 2, 1);
    if (digit == "f" || digit == "F") return true;
  }
  return false;
}

bool allowed(std::string_view segment, bool dotfiles) noexcept {
  if (segment == "." || segment == "..") return false;
  return dotfiles || !segment.starts_with('.');
}

}  // namespace

std::optional<std::string_view> resource_name(std::string_view value, std::string_view target,
                                              bool dotfiles) noexcept {
  if (has_encoded_slash(target) || value.find('\0') != std::string_view::npos) return std::nullopt;
  for (std::string_view rest = value; !rest.empty();) {
    const std::size_t slash = rest.find('/');
    const std::string_view segment = rest.substr(0, slash);
    if (segment.empty() || !allowed(segment, dotfiles)) return std::nullopt;
    rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
  }
  return value;
}

}  // namespace static_files
