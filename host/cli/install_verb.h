// `berth plugin install`: puts a plugin's file where a configuration has it, whole or not at all.
#pragma once

#include <optional>
#include <string>

namespace berth::cli {

struct InstallOptions {
  std::string file;                          // to install
  std::optional<std::string> alias;          // --as: the plugin it is in the configuration
  std::optional<std::string> folder;         // --to: in place of what the configuration says
  std::optional<std::string> configuration;  // there if there is no folder
};

// Replaces what is at the file's place, or makes it, in one step and with mode 0644; a link there
// is replaced, too. Without a folder that is the file of the plugin ALIAS in the configuration, or
// of the only one whose file has the same name, and it is probed as a reload would
// (plugin_probe.h). With one it is FOLDER and ALIAS.so, or the file's own name; then none of its
// code is run, since what it is to be told is not known. All else is checked either way. Exit code:
// 0 done, and stdout says what to do next; 1 refused or failed: stderr says why, and nothing has
// changed.
[[nodiscard]] int install_plugin(const InstallOptions& options);

}  // namespace berth::cli
