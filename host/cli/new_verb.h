// `berth new`: makes the project of a plugin.
#pragma once

#include <optional>
#include <string>

namespace berth::cli {

struct NewOptions {
  std::string name;                   // of the plugin
  std::optional<std::string> folder;  // --to: in place of one of that name, here
};

// Makes the folder, which must not be there, with a handler, a test for it, and a configuration
// that serves it. Exit code: 0 done, and stdout says what to do next; 1 refused or failed: stderr
// says why, and nothing is left of it.
[[nodiscard]] int new_plugin(const NewOptions& options);

}  // namespace berth::cli
