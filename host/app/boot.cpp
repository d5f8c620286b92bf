#include "app/boot.h"

#include <utility>

#include "app/generation_draft.h"
#include "app/plugin_probe.h"

namespace berth::app {

namespace {

std::unique_ptr<Generation> build(GenerationSource& source, std::uint64_t number,
                                  const BootOptions& options) {
  const config::Configuration& configuration = *source.loaded.configuration;
  const ProbeOptions probing{.configuration = configuration.file,
                             .recording = source.recording,
                             .environment = options.environment,
                             .timeout = configuration.timeouts.probe};
  BuildOptions building{.context = options.context,
                        .sink = options.sink,
                        .clock = options.clock,
                        .number = number,
                        .origin = source.origin};
  building.image_of = source.image_of;
  building.probe = [&](const config::Plugin& plugin, const plugin::PluginFile& file) {
    return probe_plugin(probing, plugin, file);
  };
  if (options.store != nullptr) {
    if (!source.image_of) building.pinned = pinned_files(*options.store, options.log);
    building.last_good = [&options](const config::Plugin& plugin) {
      return newest_image(*options.store, plugin.alias);
    };
  }
  GenerationDraft draft(configuration, building, source.loaded.diagnostics);
  return draft.load(source.loaded.diagnostics);
}

}  // namespace

bool choose_source(GenerationSource& source, const GenerationStore* store, bool last_good,
                   const config::Environment& environment, std::string& because) {
  if (source.loaded.configuration) return true;
  if (!last_good || store == nullptr) return false;
  for (const StoredGeneration& stored : store->list()) {
    auto kept = read_kept(*store, stored.number, environment);
    if (!kept || !kept->loaded.configuration) continue;
    because = source.loaded.diagnostics.summary();
    source = std::move(*kept);
    source.origin = "last good: " + std::to_string(stored.number);
    return true;
  }
  return false;
}

std::optional<FirstGeneration> boot(GenerationSource& source, std::string because,
                                    const BootOptions& options) {
  const std::uint64_t number = options.store == nullptr ? 1 : options.store->newest_number() + 1;
  if (source.origin == "reload") source.origin = "start";
  if (auto generation = build(source, number, options)) {
    return FirstGeneration{std::move(generation), source.recording, std::move(because)};
  }
  if (!options.last_good || options.store == nullptr) return std::nullopt;
  if (because.empty()) because = source.loaded.diagnostics.summary();
  for (const StoredGeneration& stored : options.store->list()) {
    auto kept = read_kept(*options.store, stored.number, options.environment);
    if (!kept || !kept->loaded.configuration) continue;
    kept->origin = "last good: " + std::to_string(stored.number);
    if (auto generation = build(*kept, number, options)) {
      return FirstGeneration{std::move(generation), std::move(kept->recording), std::move(because)};
    }
  }
  return std::nullopt;
}

}  // namespace berth::app
