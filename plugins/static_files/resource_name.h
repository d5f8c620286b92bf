// Which file a request means, judged before any file is touched. The kernel judges again (root.h).
#pragma once

#include <optional>
#include <string_view>

namespace static_files {

// The name below the root: `value`, what {path...} matched, decoded; "" or with a final slash it is
// a folder. nullopt: there is no such resource, whatever lies on the disk:
//   - an encoded slash anywhere in the path of `target`, the target as received: decoded it could
//     not be told from one that divides;
//   - a NUL, an empty segment but the last, "." or "..";
//   - a segment that begins with a dot, unless `dotfiles`.
[[nodiscard]] std::optional<std::string_view> resource_name(std::string_view value,
                                                            std::string_view target,
                                                            bool dotfiles) noexcept;

}  // namespace static_files
