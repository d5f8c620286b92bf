// Whether a plugin's file may be believed: who owns it and who else may write it or its folder
// (faults.md 54). Looks at what fstat said, never at a path.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace berth::plugin {

// Whom the process trusts, and how much.
struct TrustPolicy {
  uid_t user = 0;       // the effective user: its files and root's are believed
  bool strict = false;  // plugin_permissions: strict - group-writable is refused for everybody
};

// The policy of this process.
[[nodiscard]] TrustPolicy process_policy(bool strict) noexcept;

// A warning to log, or nothing. kPermission, naming owner or mode and the command that mends it: an
// owner who is neither root nor the user; a world-writable file; a group-writable file where the
// user is root or the policy strict (else that is the warning); a folder that anybody may write to
// and that is not sticky. `file` was checked to be a regular file; `path` is for the text.
[[nodiscard]] base::Result<std::optional<std::string>> check_trust(const struct stat& file,
                                                                   const struct stat& folder,
                                                                   const std::string& path,
                                                                   const TrustPolicy& policy);

}  // namespace berth::plugin
