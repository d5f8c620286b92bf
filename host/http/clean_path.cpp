#include "http/clean_path.h"

#include <cstddef>

namespace berth::http {

bool needs_cleaning(std::string_view path) noexcept {
  if (!path.starts_with('/')) return true;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    if (path[i] != '/') continue;
    if (path[i + 1] == '/') return true;
    if (path[i + 1] != '.') continue;
    const std::string_view rest = path.substr(i + 2);  // behind "/."
    if (rest.empty() || rest.front() == '/') return true;
    if (rest == "." || rest.starts_with("./")) return true;
  }
  return false;
}

void clean_path(std::string_view path, std::string& out) {
  const std::size_t root = out.size();
  const bool ends_in_slash = path.ends_with('/');
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      const std::size_t parent = out.rfind('/');
      out.resize(parent == std::string::npos || parent < root ? root : parent);
      continue;
    }
    out.push_back('/');
    out.append(segment);
  }
  if (out.size() == root || ends_in_slash) out.push_back('/');
}

}  // namespace berth::http
