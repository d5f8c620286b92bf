#include "plugin/library_folders.h"

#include <sys/stat.h>

#include <utility>

namespace berth::plugin {

namespace {

// Who may put a file into it; empty: nobody but whom we believe. Where it is not there yet, who may
// make it.
std::string others_in(std::string folder, const TrustPolicy& policy) {
  struct stat status {};
  while (::stat(folder.c_str(), &status) != 0) {
    const std::size_t slash = folder.rfind('/');
    if (slash == std::string::npos || folder.size() == 1) return {};
    folder.erase(slash == 0 ? 1 : slash);
  }
  // A sticky bit keeps files that are there, not others from coming.
  if ((status.st_mode & S_IWOTH) != 0) return "anybody";
  if (status.st_uid != 0 && status.st_uid != policy.user) {
    return "user " + std::to_string(status.st_uid);
  }
  const bool group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
  return group ? "group " + std::to_string(status.st_gid) : std::string();
}

}  // namespace

std::vector<std::string> search_path_warnings(std::string_view path, const TrustPolicy& policy) {
  std::vector<std::string> warnings;
  if (path.empty()) return warnings;
  for (bool more = true; more;) {
    const std::size_t colon = path.find(':');
    const std::string part(path.substr(0, colon));
    more = colon != std::string_view::npos;
    if (more) path.remove_prefix(colon + 1);
    if (part.starts_with("$ORIGIN") || part.starts_with("${ORIGIN}")) continue;
    if (!part.starts_with('/')) {
      warnings.push_back("it looks for libraries in the working directory (" +
                         (part.empty() ? std::string("an empty part") : part) +
                         " in its RPATH): link it without");
      continue;
    }
    const std::string who = others_in(part, policy);
    if (who.empty()) continue;
    warnings.push_back("it looks for libraries in " + part + " (its RPATH), where " + who +
                       " may put one: link it without, or install them elsewhere");
  }
  return warnings;
}

std::vector<std::string> library_warnings(const ElfFile& file, const TrustPolicy& policy) {
  std::vector<std::string> warnings = search_path_warnings(file.rpath(), policy);
  for (std::string& warning : search_path_warnings(file.runpath(), policy)) {
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

}  // namespace berth::plugin
