// The files of a configuration as they lie on the disk, read only if they may be trusted
// (read_file.h).
#pragma once

#include <string>
#include <vector>

#include "config/file_provider.h"

namespace berth::config {

class DiskFiles final : public FileProvider {
 public:
  // identity: device and inode, so that links to one file are that file.
  [[nodiscard]] base::Result<ProvidedFile, Diagnostic> read(const std::string& path) override;
  // glob(3). A folder that cannot be read is an error: what it holds would be left out unseen.
  [[nodiscard]] base::Result<std::vector<std::string>> match(const std::string& folder,
                                                             const std::string& pattern) override;
};

}  // namespace berth::config
