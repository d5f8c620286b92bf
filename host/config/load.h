// From a configuration file to a Configuration, or to everything that is wrong with it. Does not
// look at plugins: whether their files exist and load is app's question.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/configuration.h"
#include "config/diagnostic.h"
#include "config/environment.h"
#include "config/file_provider.h"

namespace berth::config {

// configuration is there exactly if diagnostics holds no error; warnings may be there either way.
struct Loaded {
  std::optional<Configuration> configuration;
  Diagnostics diagnostics;
  // Where there are errors: what could be read all the same, so that what it names can be checked
  // too and everything wrong is said at once. Never to be served: what is wrong in it is left out
  // or empty. Absent where the file is no YAML.
  std::optional<Configuration> remainder = std::nullopt;
};

// Reads a file and what it includes. Its folder is what its relative paths are relative to, that of
// an included file for those in it. Any bytes are safe; time and memory are linear in their number.
// Needs 1 MiB of stack at most.
[[nodiscard]] Loaded load(const std::string& path, FileProvider& files,
                          const Environment& environment);

// The same from the disk. Each file is opened once and read whole through that descriptor. Refused:
// what is not a regular file, over limits::kConfigFile, owned by neither root nor the effective
// user, world-writable, group-writable when root (else a warning), or changed while it was read
// (faults.md 49, 54).
[[nodiscard]] Loaded load_file(const std::string& path, const Environment& environment);

// One text alone, named so in messages: it can include nothing, and no variable is set.
[[nodiscard]] Loaded load_text(const std::string& name, std::string text);

// Where find_file looks. `exists` tells whether something stands at a path.
struct FileSearch {
  std::optional<std::string> option;       // -c
  std::optional<std::string> environment;  // $BERTH_CONFIG; empty counts as unset
  std::function<bool(const std::string&)> exists;
};

// The configuration to use: -c, else $BERTH_CONFIG, else ./berth.yaml, else /etc/berth/berth.yaml.
// The first two are taken without a look at the disk (load_file then says what is wrong with them):
// whoever names a file must not get another. kNotFound names every place tried.
[[nodiscard]] base::Result<std::string> find_file(const FileSearch& search);

// The folder part of a file's path; "." where it has none.
[[nodiscard]] std::string folder_of(std::string_view file);

// A path of the configuration as the process can open it: absolute ones and bare names (without
// "/") unchanged, others relative to config_folder, with . and .. resolved by text alone.
[[nodiscard]] std::string resolve_path(std::string_view config_folder, std::string_view value);

}  // namespace berth::config
