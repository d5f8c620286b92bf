// The bytes of a configuration file, read once and only if they may be trusted. Not a parser.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/diagnostic.h"

namespace berth::config {

struct FileBytes {
  std::string text;
  std::string identity;  // device and inode: the same for all names of one file
  std::vector<Diagnostic> warnings;
};

// Reads a regular file through one descriptor. `before_check` (tests only) is called between the
// last read and the second fstat.
[[nodiscard]] base::Result<FileBytes, Diagnostic> read_file(
    const std::string& path, const std::function<void()>& before_check = {});

// Whether a file of this owner and mode may be used by a process of the effective user `user`:
// whoever may write the configuration decides what runs (DESIGN.md "Small decisions", faults.md
// 54). A warning is added to `warnings`.
[[nodiscard]] base::Status<Diagnostic> check_owner(const std::string& path, uid_t owner,
                                                   mode_t mode, uid_t user,
                                                   std::vector<Diagnostic>& warnings);

}  // namespace berth::config
