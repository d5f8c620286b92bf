#include "plugin/host_libraries.h"

#include <link.h>

#include <cstddef>
#include <utility>

namespace berth::plugin {

namespace {

std::string_view file_name(std::string_view path) noexcept {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

std::string_view library_stem(std::string_view name) noexcept {
  const std::size_t at = name.find(".so");
  const bool whole = at != std::string_view::npos && (at + 3 == name.size() || name[at + 3] == '.');
  return whole ? name.substr(0, at) : std::string_view();
}

HostLibraries::HostLibraries(std::vector<std::string> names) noexcept : names_(std::move(names)) {}

HostLibraries HostLibraries::snapshot() {
  std::vector<std::string> names;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        const std::string_view name = info->dlpi_name == nullptr ? "" : info->dlpi_name;
        if (!name.empty()) {
          static_cast<std::vector<std::string>*>(data)->emplace_back(file_name(name));
        }
        return 0;
      },
      &names);
  return HostLibraries(std::move(names));
}

base::Status<> HostLibraries::check(std::span<const std::string_view> needed) const {
  for (const std::string_view path : needed) {
    const std::string_view name = file_name(path);
    const std::string_view stem = library_stem(name);
    if (stem.empty()) continue;
    for (const std::string& own : names_) {
      if (own == name || library_stem(own) != stem) continue;
      return base::fail(base::ErrorCode::kIncompatible,
                        "it needs " + std::string(name) + ", but this host uses " + own +
                            ", and one process cannot have both: build it against " + own +
                            ", or link that library statically");
    }
  }
  return base::done();
}

bool is_loaded(const std::string& path) noexcept {
  struct Search {
    const std::string& path;
    bool found;
  } search{path, false};
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        auto* wanted = static_cast<Search*>(data);
        wanted->found = info->dlpi_name != nullptr && wanted->path == info->dlpi_name;
        return wanted->found ? 1 : 0;
      },
      &search);
  return search.found;
}

}  // namespace berth::plugin
