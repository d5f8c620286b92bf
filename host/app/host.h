// The host process from its configuration to its exit code: `berth run`.
#pragma once

#include <string>

namespace berth::app {

struct RunOptions {
  std::string file;  // of the configuration
  bool allow_root = false;
  // Where the configuration or a plugin is refused, the newest generation that is kept is served.
  bool last_good = false;
};

// Serves until a signal ends it: SIGTERM, SIGINT and SIGQUIT stop gracefully, the second one at
// once; SIGHUP reloads. Called on the main thread, once. 0: stopped; 1: refused to
// start, and stderr says why.
[[nodiscard]] int run_host(const RunOptions& options);

}  // namespace berth::app
