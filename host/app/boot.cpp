#include "app/boot.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/generation_draft.h"
#include "app/plugin_probe.h"

namespace berth::app {

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

Boot::Boot(GenerationSource& source, std::string because, const BootOptions& options)
    : source_(source),
      because_(std::move(because)),
      options_(options),
      number_(options.store == nullptr ? 1 : options.store->newest_number() + 1),
      before_(source.loaded.diagnostics) {
  if (source_.number == 0 && source_.origin == "reload") source_.origin = "start";
  if (!options_.last_good || options_.store == nullptr) return;
  kept_ = options_.store->list();
  std::reverse(kept_.begin(), kept_.end());
}

const config::Diagnostics& Boot::diagnostics() const noexcept {
  return (older_ ? *older_ : source_).loaded.diagnostics;
}

std::unique_ptr<Generation> Boot::build() {
  GenerationSource& source = older_ ? *older_ : source_;
  const config::Configuration& configuration = *source.loaded.configuration;
  ProbeStarter starter(options_.environment);
  const ProbeOptions probing{.configuration = configuration.file,
                             .recording = source.recording,
                             .starter = starter,
                             .timeout = configuration.timeouts.probe};
  BuildOptions building{.context = options_.context,
                        .sink = options_.sink,
                        .clock = options_.clock,
                        .number = goes_on() ? source_.number : number_,
                        .origin = source.origin};
  building.image_of = source.image_of;
  building.crashes = options_.crashes;
  building.probe = [&](const config::Plugin& plugin, const plugin::PluginFile& file) {
    return probe_plugin(probing, plugin, file);
  };
  if (options_.store != nullptr) {
    if (!source.image_of) building.pinned = pinned_files(*options_.store, options_.log);
    building.last_good = [this](const config::Plugin& plugin) {
      return newest_image(*options_.store, plugin.alias);
    };
  }
  for (;;) {
    building.failed = failed_;
    source.loaded.diagnostics = before_;
    GenerationDraft draft(configuration, building, source.loaded.diagnostics);
    const bool fit = source.loaded.diagnostics.errors() == 0;
    Attempt made = attempt_to_load(draft, source.loaded.diagnostics);
    if (made.generation) return std::move(made.generation);
    if (!reject(std::move(made)) || !fit) return nullptr;
  }
}

bool Boot::reject(Attempt failed) {
  app::take_down(failed.left);
  std::move(failed.left.begin(), failed.left.end(), std::back_inserter(left_));
  const GenerationSource& source = older_ ? *older_ : source_;
  return may_try_again(failed, *source.loaded.configuration, failed_);
}

bool Boot::fall_back() {
  if (because_.empty()) because_ = source_.loaded.diagnostics.summary();
  while (!kept_.empty()) {
    const std::uint64_t number = kept_.back().number;
    kept_.pop_back();
    auto kept = read_kept(*options_.store, number, options_.environment);
    if (!kept || !kept->loaded.configuration) continue;
    older_.emplace(std::move(*kept));
    older_->origin = "last good: " + std::to_string(number);
    before_ = older_->loaded.diagnostics;
    failed_.clear();
    return true;
  }
  return false;
}

std::optional<FirstGeneration> Boot::next() {
  for (;;) {
    if (auto generation = exhausted_ ? nullptr : build()) {
      return FirstGeneration{.generation = std::move(generation),
                             .recording = (older_ ? *older_ : source_).recording,
                             .last_good_because = because_,
                             .left = {},
                             .kept_since = goes_on() ? source_.made_at : 0};
    }
    exhausted_ = false;
    if (!fall_back()) return std::nullopt;
  }
}

bool Boot::start(FirstGeneration& first) {
  GenerationSource& source = older_ ? *older_ : source_;
  Attempt made;
  made.generation = std::move(first.generation);
  start_loaded(made, plugin::StartPhase::kFirst, source.loaded.diagnostics);
  if (made.generation) {
    first.generation = std::move(made.generation);
    first.left = std::move(left_);
    left_.clear();
    return true;
  }
  exhausted_ = !reject(std::move(made));
  return false;
}

bool Boot::take_down() noexcept {
  app::take_down(left_);
  return left_.empty();
}

}  // namespace berth::app
