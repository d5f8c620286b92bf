#include "app/control_place.h"

#include <algorithm>
#include <utility>

namespace berth::app {

namespace {

constexpr const char* kServiceFolder = "/run/berth";
constexpr const char* kName = "/control.sock";

std::optional<std::string> users_folder(const RuntimeEnvironment& environment) {
  if (!environment.xdg_runtime_dir.starts_with('/')) return std::nullopt;
  return environment.xdg_runtime_dir + "/berth";
}

}  // namespace

std::optional<std::string> control_folder(const RuntimeEnvironment& environment) {
  const std::string& directories = environment.runtime_directory;
  if (directories.starts_with('/')) return directories.substr(0, directories.find(':'));
  if (environment.user == 0) return kServiceFolder;
  return users_folder(environment);
}

std::vector<std::string> control_paths(const RuntimeEnvironment& environment) {
  std::vector<std::string> paths;
  for (const std::optional<std::string>& folder :
       {control_folder(environment), std::optional<std::string>(kServiceFolder),
        users_folder(environment)}) {
    if (!folder) continue;
    std::string path = *folder + kName;
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) {
      paths.push_back(std::move(path));
    }
  }
  return paths;
}

}  // namespace berth::app
