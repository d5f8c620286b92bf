#include "app/verdicts.h"

namespace berth::app {

Verdicts verdicts_on(const Generation& generation, const CrashHistory& history) {
  Verdicts verdicts;
  const config::Quarantine& rule = generation.configuration().quarantine;
  for (const PluginReport& plugin : generation.reports()) {
    verdicts.push_back(
        {.quarantined = history.judge(plugin.alias, plugin.build_id, rule).quarantined,
         .poison = history.poison(plugin.alias, plugin.build_id)});
  }
  return verdicts;
}

}  // namespace berth::app
