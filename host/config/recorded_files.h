// What reading a configuration read, as one value that can be kept, sent and read again: so that a
// saved generation and the child process of a probe see exactly what was seen. Neither the
// environment nor any plugin is part of it: texts are as they stand in the files, unexpanded.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/file_provider.h"

namespace berth::config {

struct Recording {
  struct File {
    std::string path;  // as read() was given it
    bool found = true;
    std::string text;      // of a file that was not found or not to be read: why
    std::string identity;  // of such a file: what helps, or nothing
    friend bool operator==(const File&, const File&) = default;
  };
  struct Match {
    std::string folder;
    std::string pattern;
    bool found = true;  // false: the folder could not be read, and `paths` is why, one text
    std::vector<std::string> paths;
    friend bool operator==(const Match&, const Match&) = default;
  };

  std::vector<File> files;     // in the order they were read first: the configuration itself first
  std::vector<Match> matches;  // likewise

  friend bool operator==(const Recording&, const Recording&) = default;
};

// The recording as bytes that parse_recording() takes, in a format of our own with a version.
[[nodiscard]] std::string serialise(const Recording& recording);

// Any bytes are safe; memory is linear in their number. kIncompatible: another version's;
// kCorrupt: anything that serialise() does not make.
[[nodiscard]] base::Result<Recording> parse_recording(std::string_view bytes);

// Reads through another provider and keeps what it says. What was read once is not read again: in
// one configuration a path has one content, even if the file is replaced meanwhile (faults.md 49).
class RecordedFiles final : public FileProvider {
 public:
  // REQUIRES: `files` outlives this.
  explicit RecordedFiles(FileProvider& files) : files_(files) {}

  [[nodiscard]] base::Result<ProvidedFile, Diagnostic> read(const std::string& path) override;
  [[nodiscard]] base::Result<std::vector<std::string>> match(const std::string& folder,
                                                             const std::string& pattern) override;

  [[nodiscard]] const Recording& recording() const noexcept { return recording_; }

 private:
  FileProvider& files_;
  Recording recording_;
};

// Says again what was recorded, failures included. Warnings are not repeated: they were about the
// disk. What was not recorded is not there.
class ReplayedFiles final : public FileProvider {
 public:
  // REQUIRES: `recording` outlives this, unchanged.
  explicit ReplayedFiles(const Recording& recording);

  [[nodiscard]] base::Result<ProvidedFile, Diagnostic> read(const std::string& path) override;
  [[nodiscard]] base::Result<std::vector<std::string>> match(const std::string& folder,
                                                             const std::string& pattern) override;

 private:
  std::map<std::string_view, const Recording::File*> files_;
  std::map<std::pair<std::string_view, std::string_view>, const Recording::Match*> matches_;
};

}  // namespace berth::config
