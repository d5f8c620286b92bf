// The shared libraries of the host itself, so that a plugin which needs another version of one of
// them is refused: both versions in one process share symbols, and neither works. Not a list of
// plugins.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace berth::plugin {

// Immutable.
class HostLibraries {
 public:
  // What the process has loaded now; to be taken before the first plugin.
  [[nodiscard]] static HostLibraries snapshot();
  // For tests: file names, such as "libPocoNet.so.80".
  explicit HostLibraries(std::vector<std::string> names) noexcept;

  // kIncompatible, naming both, if a needed library is one of the host's at another soname.
  [[nodiscard]] base::Status<> check(std::span<const std::string_view> needed) const;
  [[nodiscard]] std::span<const std::string> names() const noexcept { return names_; }

 private:
  std::vector<std::string> names_;
};

// "libPocoNet.so.80" -> "libPocoNet"; empty for a name without ".so".
[[nodiscard]] std::string_view library_stem(std::string_view name) noexcept;

// Whether an object with exactly this path is mapped into the process.
[[nodiscard]] bool is_loaded(const std::string& path) noexcept;

}  // namespace berth::plugin
