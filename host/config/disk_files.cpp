#include "config/disk_files.h"

#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

#include "config/read_file.h"

namespace berth::config {

namespace {

constexpr std::string_view kSpecial = "*?[";

// The name of a folder as glob(3) takes it.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || kSpecial.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// What glob(3) hands out, freed.
class Matches {
 public:
  Matches() = default;
  Matches(const Matches&) = delete;
  Matches& operator=(const Matches&) = delete;
  ~Matches() { ::globfree(&found_); }

  int find(const std::string& pattern) {
    return ::glob(pattern.c_str(), GLOB_ERR | GLOB_NOSORT, nullptr, &found_);
  }
  [[nodiscard]] std::vector<std::string> paths() const {
    return {found_.gl_pathv, found_.gl_pathv + found_.gl_pathc};
  }

 private:
  glob_t found_{};
};

}  // namespace

bool is_pattern(std::string_view text) noexcept {
  return text.find_first_of(kSpecial) != std::string_view::npos;
}

std::string path_in(std::string_view folder, std::string_view name) {
  const std::filesystem::path path(name);
  if (path.is_absolute()) return std::string(name);
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

base::Result<ProvidedFile, Diagnostic> DiskFiles::read(const std::string& path) {
  auto bytes = read_file(path);
  if (!bytes) return base::fail(std::move(bytes).error());
  return ProvidedFile{std::move(bytes->text), std::move(bytes->identity),
                      std::move(bytes->warnings)};
}

base::Result<std::vector<std::string>> DiskFiles::match(const std::string& folder,
                                                        const std::string& pattern) {
  Matches matches;
  const bool relative = !pattern.starts_with('/');
  const std::string whole = relative ? escaped(folder) + "/" + pattern : pattern;
  errno = 0;
  switch (matches.find(whole)) {
    case 0:
      break;
    case GLOB_NOMATCH:
      return std::vector<std::string>();
    case GLOB_NOSPACE:
      return base::fail(base::ErrorCode::kExhausted, "there is no memory for the matches");
    default:
      if (errno == ENOENT) return std::vector<std::string>();  // no folder, no files
      return base::fail(base::system_error(errno, "cannot read a folder of the pattern"));
  }
  std::vector<std::string> paths = matches.paths();
  for (std::string& path : paths) path = path_in("", path);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace berth::config
