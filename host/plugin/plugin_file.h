// The bytes of a deployed plugin, read once from one descriptor together with what fstat says of
// it. The deployed path itself is never mapped: what is checked here is what is loaded.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "plugin/file_trust.h"

namespace berth::plugin {

struct PluginFile {
  std::string path;   // as given
  std::string bytes;  // all of it
  // What check_trust() said: a refusal, which whoever loads has to heed, or a warning, or nothing.
  base::Result<std::optional<std::string>> trust = std::optional<std::string>();
};

// Opens the path once (symbolic links are followed; the opened file and both folders, the link's
// and the file's, are judged), reads it and looks again. kNotFound, kPermission: open(2);
// kInvalidArgument: no regular file; kExhausted: over max_bytes; kCorrupt: it changed meanwhile.
// Texts do not begin with the path.
[[nodiscard]] base::Result<PluginFile> read_plugin_file(
    const std::string& path, const TrustPolicy& policy,
    std::uint64_t max_bytes = base::limits::kPluginFile);

// Whether two looks at one file, before and after reading it, saw the same contents.
[[nodiscard]] bool unchanged(const struct stat& before, const struct stat& after) noexcept;

}  // namespace berth::plugin
