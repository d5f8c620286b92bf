// One try to make a generation that serves: loads what a draft has decided and starts its plugins.
// What a plugin does wrong in this process only shows here; another try can do without it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/generation.h"
#include "app/generation_draft.h"
#include "config/configuration.h"
#include "config/diagnostic.h"
#include "plugin/plugin.h"

namespace berth::app {

using FailedPlugins = std::map<std::string, plugin::Findings>;

struct Attempt {
  std::unique_ptr<Generation> generation;  // started; null: it failed
  FailedPlugins failed;                    // by alias; none: something else is wrong
  // Of one that failed: what was loaded, the last one first. To be stopped, then let go of.
  std::vector<Generation::Released> left;
};

// Everything wrong is in `diagnostics`.
[[nodiscard]] Attempt attempt(GenerationDraft& draft, plugin::StartPhase phase,
                              config::Diagnostics& diagnostics);
// The same in two steps, where something has to be done between loading and starting.
[[nodiscard]] Attempt attempt_to_load(GenerationDraft& draft, config::Diagnostics& diagnostics);
void start_loaded(Attempt& loaded, plugin::StartPhase phase, config::Diagnostics& diagnostics);

// Adds what failed to `known`, for BuildOptions::failed of the next try. False: that would end as
// this one, as no plugin failed, or one whose on_failure is refuse, or the image it fell back to.
[[nodiscard]] bool may_try_again(const Attempt& failed, const config::Configuration& configuration,
                                 FailedPlugins& known);

// Stops plugins that were never served from, lets go of their handlers and unloads them. Those that
// stay (a task does not end, a thread of the plugin's own runs) stay in `left`: only _exit() can
// leave the process then.
void take_down(std::vector<Generation::Released>& left) noexcept;

}  // namespace berth::app
