// Loads one plugin of a configuration in a process of its own first, so that whatever it does there
// costs nothing: it crashes, ends the process, never returns. Not a sandbox: the plugin may do
// there what it may do here.
#pragma once

#include <functional>
#include <string>

#include "app/probe_starter.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/configuration.h"
#include "config/recorded_files.h"
#include "plugin/plugin.h"
#include "plugin/plugin_file.h"

namespace berth::app {

// What every probe for one configuration shares; outlives them.
struct ProbeOptions {
  const std::string& configuration;    // the file, as it was given to config::load()
  const config::Recording& recording;  // all that reading it read
  ProbeStarter& starter;               // with the environment that it was read with
  base::Duration timeout;              // of the whole probe; of CPU time, too
  // Asked now and then: whether to give it up, which is told as no end. Empty: never.
  std::function<bool()> aborted = {};
};

// In a process of its own (ProbeStarter): it reads the recorded configuration, loads these very
// bytes of the file, makes each handler and middleware that any route wants of it, has it test
// itself and lets it go. REQUIRES: what check_file() says was heeded. Findings: what the plugin
// complained of, at its place; a crash, an exit or no end at `entry.file_position`. Waits; any
// thread. `options.starter` is used by this call alone.
[[nodiscard]] base::Status<plugin::Findings> probe_plugin(const ProbeOptions& options,
                                                          const config::Plugin& entry,
                                                          const plugin::PluginFile& file);

// The other end of ProbeStarter: waits for what is to be looked at, and ends with who asks.
[[noreturn]] void run_probe();

}  // namespace berth::app
