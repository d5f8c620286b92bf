#include "plugin/file_trust.h"

#include <unistd.h>

#include <cstdio>

namespace berth::plugin {

namespace {

std::string octal(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

}  // namespace

TrustPolicy process_policy(bool strict) noexcept { return {geteuid(), strict}; }

base::Result<std::optional<std::string>> check_trust(const struct stat& file,
                                                     const struct stat& folder,
                                                     const std::string& path,
                                                     const TrustPolicy& policy) {
  using base::ErrorCode;
  if (file.st_uid != 0 && file.st_uid != policy.user) {
    return base::fail(ErrorCode::kPermission,
                      "the file belongs to user " + std::to_string(file.st_uid) +
                          "; it has to belong to root or to user " + std::to_string(policy.user) +
                          ", who runs this host: chown it");
  }
  const std::string mode = octal(file.st_mode);
  if ((file.st_mode & S_IWOTH) != 0) {
    return base::fail(ErrorCode::kPermission,
                      "anybody may write the file (mode " + mode + "): chmod go-w " + path);
  }
  const bool sticky = (folder.st_mode & S_ISVTX) != 0;
  if ((folder.st_mode & S_IWOTH) != 0 && !sticky) {
    return base::fail(ErrorCode::kPermission, "anybody may replace the file: its folder has mode " +
                                                  octal(folder.st_mode) +
                                                  "; chmod o-w the folder of " + path);
  }
  if ((file.st_mode & S_IWGRP) == 0) return std::optional<std::string>();
  const std::string text = "group " + std::to_string(file.st_gid) + " may write the file (mode " +
                           mode + "): chmod go-w " + path;
  if (policy.strict || policy.user == 0) return base::fail(ErrorCode::kPermission, text);
  return std::optional<std::string>(text);
}

}  // namespace berth::plugin
