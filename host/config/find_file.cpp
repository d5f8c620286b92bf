#include <array>
#include <filesystem>

#include "config/load.h"

namespace berth::config {

namespace {

constexpr std::array<const char*, 2> kPlaces{"berth.yaml", "/etc/berth/berth.yaml"};

}  // namespace

base::Result<std::string> find_file(const FileSearch& search) {
  if (search.option) return *search.option;
  if (search.environment && !search.environment->empty()) return *search.environment;
  for (const std::string place : kPlaces) {
    if (search.exists(place)) return place;
  }
  return base::fail(base::ErrorCode::kNotFound,
                    "no configuration: no -c FILE, no $BERTH_CONFIG, no ./berth.yaml and no "
                    "/etc/berth/berth.yaml");
}

std::string folder_of(std::string_view file) {
  const std::string folder = std::filesystem::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string resolve_path(std::string_view config_folder, std::string_view value) {
  const std::filesystem::path path(value);
  if (path.is_absolute() || value.find('/') == std::string_view::npos) return std::string(value);
  const auto resolved = (std::filesystem::path(config_folder) / path).lexically_normal().string();
  return resolved.find('/') == std::string::npos ? "./" + resolved : resolved;  // never a bare name
}

}  // namespace berth::config
