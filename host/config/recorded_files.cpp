#include "config/recorded_files.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>

namespace berth::config {

namespace {

using base::ErrorCode;
using base::fail;

// In front of everything. Behind it: the number of files, each with the fields of File, then the
// number of matches, each with those of Match. Numbers are 4 bytes, the lowest first; a text has
// its length in front of it; a flag is the byte 0 or 1.
constexpr std::string_view kMagic = "berth recording\n";
constexpr std::uint32_t kVersion = 1;

class Writer {
 public:
  void number(std::size_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) {
      bytes_ += static_cast<char>((value >> shift) & 0xFF);
    }
  }
  void flag(bool value) { bytes_ += value ? '\1' : '\0'; }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  void raw(std::string_view value) { bytes_ += value; }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// Once something did not fit, everything read is empty and ok() is false.
class Parser {
 public:
  explicit Parser(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::uint32_t number() {
    const std::string_view bytes = take(4);
    std::uint32_t value = 0;
    for (std::size_t i = bytes.size(); i > 0; --i) {
      value = (value << 8) | static_cast<unsigned char>(bytes[i - 1]);
    }
    return value;
  }
  [[nodiscard]] bool flag() {
    const std::string_view byte = take(1);
    if (!byte.empty() && byte[0] != '\0' && byte[0] != '\1') ok_ = false;
    return byte == "\1";
  }
  [[nodiscard]] std::string text() { return std::string(take(number())); }
  [[nodiscard]] bool raw(std::string_view expected) { return take(expected.size()) == expected; }
  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool ended() const noexcept { return ok_ && rest_.empty(); }

 private:
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) ok_ = false;
    if (!ok_) return {};
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  std::string_view rest_;
  bool ok_ = true;
};

const Recording::File* find(const std::vector<Recording::File>& files, std::string_view path) {
  const auto found = std::find_if(files.begin(), files.end(), [path](const Recording::File& file) {
    return file.path == path;
  });
  return found == files.end() ? nullptr : &*found;
}

const Recording::Match* find(const std::vector<Recording::Match>& matches, std::string_view folder,
                             std::string_view pattern) {
  const auto found =
      std::find_if(matches.begin(), matches.end(), [=](const Recording::Match& match) {
        return match.folder == folder && match.pattern == pattern;
      });
  return found == matches.end() ? nullptr : &*found;
}

base::Result<ProvidedFile, Diagnostic> answer(const Recording::File& file) {
  if (file.found) return ProvidedFile{file.text, file.identity, {}};
  return fail(Diagnostic{{file.path, 0, 0}, file.text, {}, file.identity});
}

// The code of the recorded failure is not kept: nobody but people reads it.
base::Result<std::vector<std::string>> answer(const Recording::Match& match) {
  if (match.found) return match.paths;
  return fail(ErrorCode::kSystem, match.paths.front());
}

std::optional<Recording> parse_body(Parser& parser) {
  Recording recording;
  std::set<std::string> paths;
  for (std::uint32_t left = parser.number(); left > 0 && parser.ok(); --left) {
    Recording::File file;
    file.path = parser.text();
    file.found = parser.flag();
    file.text = parser.text();
    file.identity = parser.text();
    if (!paths.insert(file.path).second) return std::nullopt;
    recording.files.push_back(std::move(file));
  }
  std::set<std::pair<std::string, std::string>> asked;
  for (std::uint32_t left = parser.number(); left > 0 && parser.ok(); --left) {
    Recording::Match match;
    match.folder = parser.text();
    match.pattern = parser.text();
    match.found = parser.flag();
    for (std::uint32_t more = parser.number(); more > 0 && parser.ok(); --more) {
      match.paths.push_back(parser.text());
    }
    if (!match.found && match.paths.size() != 1) return std::nullopt;
    if (!asked.emplace(match.folder, match.pattern).second) return std::nullopt;
    recording.matches.push_back(std::move(match));
  }
  if (!parser.ended()) return std::nullopt;
  return recording;
}

}  // namespace

std::string serialise(const Recording& recording) {
  Writer writer;
  writer.raw(kMagic);
  writer.number(kVersion);
  writer.number(recording.files.size());
  for (const Recording::File& file : recording.files) {
    writer.text(file.path);
    writer.flag(file.found);
    writer.text(file.text);
    writer.text(file.identity);
  }
  writer.number(recording.matches.size());
  for (const Recording::Match& match : recording.matches) {
    writer.text(match.folder);
    writer.text(match.pattern);
    writer.flag(match.found);
    writer.number(match.paths.size());
    for (const std::string& path : match.paths) writer.text(path);
  }
  return writer.take();
}

base::Result<Recording> parse_recording(std::string_view bytes) {
  Parser parser(bytes);
  if (!parser.raw(kMagic)) return fail(ErrorCode::kCorrupt, "this is no recorded configuration");
  const std::uint32_t version = parser.number();
  if (parser.ok() && version != kVersion) {
    return fail(ErrorCode::kIncompatible,
                "the recorded configuration has format " + std::to_string(version) +
                    ", this berth reads format " + std::to_string(kVersion));
  }
  auto recording = parse_body(parser);
  if (recording) return std::move(*recording);
  return fail(ErrorCode::kCorrupt, "the recorded configuration is damaged");
}

base::Result<ProvidedFile, Diagnostic> RecordedFiles::read(const std::string& path) {
  if (const Recording::File* const known = find(recording_.files, path)) return answer(*known);
  auto file = files_.read(path);
  if (file) {
    recording_.files.push_back({path, true, file->text, file->identity});
  } else {
    recording_.files.push_back({path, false, file.error().what, file.error().help});
  }
  return file;
}

base::Result<std::vector<std::string>> RecordedFiles::match(const std::string& folder,
                                                            const std::string& pattern) {
  if (const auto* const known = find(recording_.matches, folder, pattern)) return answer(*known);
  auto paths = files_.match(folder, pattern);
  if (paths) {
    recording_.matches.push_back({folder, pattern, true, *paths});
  } else {
    recording_.matches.push_back({folder, pattern, false, {paths.error().text}});
  }
  return paths;
}

ReplayedFiles::ReplayedFiles(const Recording& recording) {
  for (const Recording::File& file : recording.files) files_.emplace(file.path, &file);
  for (const Recording::Match& match : recording.matches) {
    matches_.emplace(std::pair(std::string_view(match.folder), std::string_view(match.pattern)),
                     &match);
  }
}

base::Result<ProvidedFile, Diagnostic> ReplayedFiles::read(const std::string& path) {
  const auto found = files_.find(path);
  if (found != files_.end()) return answer(*found->second);
  return fail(Diagnostic{{path, 0, 0}, "it is not among the recorded files", {}, {}});
}

base::Result<std::vector<std::string>> ReplayedFiles::match(const std::string& folder,
                                                            const std::string& pattern) {
  const auto found = matches_.find(std::pair(std::string_view(folder), std::string_view(pattern)));
  if (found != matches_.end()) return answer(*found->second);
  return fail(ErrorCode::kNotFound, "it is not among the recorded patterns");
}

}  // namespace berth::config
