// Files of a configuration in memory, for tests and fuzzers. Paths are compared as text.
#pragma once

#include <fnmatch.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "config/file_provider.h"

namespace berth::test {

class MemoryFiles final : public config::FileProvider {
 public:
  // Path -> text. Paths as config::path_in makes them: "berth.yaml", "conf.d/a.yaml".
  explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}

  [[nodiscard]] base::Result<config::ProvidedFile, config::Diagnostic> read(
      const std::string& path) override {
    const auto found = files_.find(path);
    if (found != files_.end()) return config::ProvidedFile{found->second, path, {}};
    return base::fail(config::Diagnostic{{path, 0, 0}, "cannot open: no such file", {}, {}});
  }

  [[nodiscard]] base::Result<std::vector<std::string>> match(const std::string& folder,
                                                             const std::string& pattern) override {
    std::vector<std::string> paths;
    const std::string whole = config::path_in(folder, pattern);
    for (const auto& [path, text] : files_) {
      if (::fnmatch(whole.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0) {
        paths.push_back(path);
      }
    }
    return paths;
  }

 private:
  std::map<std::string, std::string> files_;
};

}  // namespace berth::test
