// The file that is really loaded: a copy with a name of its own, so that the deployed one may be
// overwritten or replaced at any time (measured-traps.md 1, 2, 5).
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "plugin/plugin_file.h"
#include "plugin/private_folder.h"
#include "plugin/unload_patch.h"

namespace berth::plugin {

// <folder>/<name>.<number>.<first 12 digits of its SHA-256>.so, mode 0500. Unlinked with the
// object; what is mapped from it stays. Move-only.
class PrivateCopy {
 public:
  // Writes file.bytes with the patches. REQUIRES: folder outlives the copy; every patch lies inside
  // the file. Errors as the system says; then nothing is left behind.
  [[nodiscard]] static base::Result<PrivateCopy> write(const PluginFile& file,
                                                       PrivateFolder& folder,
                                                       std::span<const BytePatch> patches = {});

  PrivateCopy(const PrivateCopy&) = delete;
  PrivateCopy& operator=(const PrivateCopy&) = delete;
  PrivateCopy(PrivateCopy&& other) noexcept;
  PrivateCopy& operator=(PrivateCopy&&) = delete;
  ~PrivateCopy() noexcept;

  // Empty once moved from or kept.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // SHA-256 of the file's bytes without the patches, 64 hexadecimal digits.
  [[nodiscard]] const std::string& digest() const noexcept { return digest_; }
  // Leaves the file where it is: an image that cannot leave is still mapped from it, and debuggers
  // want to read it.
  void keep() noexcept { path_.clear(); }

 private:
  PrivateCopy(std::string path, std::string digest) noexcept;

  std::string path_;
  std::string digest_;
};

}  // namespace berth::plugin
