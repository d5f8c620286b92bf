// Where the files of a configuration come from: the disk, or a test's memory. Not a parser.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/diagnostic.h"

namespace berth::config {

struct ProvidedFile {
  std::string text;
  // The same for two paths exactly if they name the same file.
  std::string identity;
  std::vector<Diagnostic> warnings;
};

// One thread.
class FileProvider {
 public:
  FileProvider() = default;
  FileProvider(const FileProvider&) = delete;
  FileProvider& operator=(const FileProvider&) = delete;
  virtual ~FileProvider() = default;

  // The whole file. The finding has the path as its file and no line.
  [[nodiscard]] virtual base::Result<ProvidedFile, Diagnostic> read(const std::string& path) = 0;
  // The paths that match a glob(7) pattern inside `folder` (taken as it is written; ignored where
  // the pattern is absolute), each as read() takes it, sorted by bytes. None is no error.
  [[nodiscard]] virtual base::Result<std::vector<std::string>> match(
      const std::string& folder, const std::string& pattern) = 0;
};

// Whether glob(7) would look for more than a file of this name.
[[nodiscard]] bool is_pattern(std::string_view text) noexcept;

// `name` as seen from `folder`, with . and .. resolved by text alone; an absolute one as it is.
[[nodiscard]] std::string path_in(std::string_view folder, std::string_view name);

}  // namespace berth::config
