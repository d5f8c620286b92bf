// Files that are there whole or not at all, also after a crash or a loss of power. Whoever reads
// them meanwhile sees the old one or the new one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace berth::base {

// Makes the file, which must not be there, with this mode whatever the umask is, and waits until
// its bytes are on the disk. On failure nothing is left of it. Its name is on the disk once
// sync_folder() was called.
[[nodiscard]] Status<> write_new_file(const std::string& path, std::string_view bytes, mode_t mode);

// What names of files begin with that are not whole yet: of whoever died, they may be removed.
inline constexpr std::string_view kNewPrefix = ".new-";

// The same under a name beside `path` that begins with kNewPrefix, renamed to `path` and waited
// for: an older file of that name is replaced in one step.
[[nodiscard]] Status<> replace_file(const std::string& path, std::string_view bytes, mode_t mode);

// Waits until what was made, renamed and removed in the folder is on the disk.
[[nodiscard]] Status<> sync_folder(const std::string& folder);

// All bytes of a regular file that nobody else could have written: no symbolic link, of root or the
// effective user, writable by its owner alone at most. kNotFound, kPermission, kInvalidArgument: no
// regular file; kExhausted: over max_bytes.
[[nodiscard]] Result<std::string> read_private_file(const std::string& path,
                                                    std::uint64_t max_bytes);

// Makes the folder and those above it where needed, with mode 0700. kPermission: it is a link, or
// others own it or may write to it.
[[nodiscard]] Status<> make_private_folder(const std::string& folder);

}  // namespace berth::base
