#include "app/generation_attempt.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace berth::app {

Attempt attempt_to_load(GenerationDraft& draft, config::Diagnostics& diagnostics) {
  Attempt made;
  made.generation = draft.load(diagnostics);
  if (made.generation) return made;
  made.failed = draft.failed();
  auto loaded = draft.take_loaded();
  for (auto plugin = loaded.rbegin(); plugin != loaded.rend(); ++plugin) {
    made.left.push_back({.plugin = std::move(*plugin), .answers = {}});
  }
  return made;
}

void start_loaded(Attempt& loaded, plugin::StartPhase phase, config::Diagnostics& diagnostics) {
  auto started = loaded.generation->start(phase);
  if (started) return;
  Generation::Failed failed = std::move(started).error();
  for (const config::Diagnostic& finding : failed.findings) diagnostics.add(finding);
  loaded.failed.emplace(std::move(failed.alias), std::move(failed.findings));
  loaded.left = loaded.generation->release_fresh();
  loaded.generation.reset();
}

Attempt attempt(GenerationDraft& draft, plugin::StartPhase phase,
                config::Diagnostics& diagnostics) {
  Attempt made = attempt_to_load(draft, diagnostics);
  if (!made.generation) return made;
  start_loaded(made, phase, diagnostics);
  if (!made.generation) draft.note_failed(made.failed);
  return made;
}

bool may_try_again(const Attempt& failed, const config::Configuration& configuration,
                   FailedPlugins& known) {
  const bool heeded =
      std::all_of(failed.failed.begin(), failed.failed.end(), [&](const auto& entry) {
        const config::Plugin* const plugin = configuration.find_plugin(entry.first);
        return plugin != nullptr && plugin->on_failure != config::OnFailure::kRefuse &&
               !known.contains(entry.first);
      });
  if (failed.failed.empty() || !heeded) return false;
  known.insert(failed.failed.begin(), failed.failed.end());
  return true;
}

void take_down(std::vector<Generation::Released>& left) noexcept {
  bool all = true;
  for (const Generation::Released& released : left) {
    if (!released.plugin->stop()) all = false;
  }
  // A handler in a chain is kept by whichever of the plugins was released first: none may go as
  // long as a task of one of them runs.
  if (!all) return;
  for (Generation::Released& released : left) released.answers.clear();
  std::erase_if(
      left, [](const Generation::Released& released) { return released.plugin->unload().left; });
}

}  // namespace berth::app
