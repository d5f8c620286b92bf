#include "app/generation.h"

#include <algorithm>
#include <utility>

#include "app/generation_draft.h"
#include "base/clock.h"

namespace berth::app {

Generation::Generation(config::Configuration configuration, std::uint64_t number,
                       std::string origin)
    : configuration_(std::move(configuration)), number_(number), origin_(std::move(origin)) {}

Generation::~Generation() = default;

std::unique_ptr<Generation> Generation::build(config::Configuration configuration,
                                              const plugin::LoadContext& context,
                                              plugin::LogSink& sink,
                                              config::Diagnostics& diagnostics,
                                              const Watch& watch) {
  const BuildOptions options{
      .context = context, .sink = sink, .clock = base::system_clock(), .watch = watch};
  GenerationDraft draft(std::move(configuration), options, diagnostics);
  return draft.load(diagnostics);
}

base::Status<Generation::Failed> Generation::start(plugin::StartPhase phase) {
  for (std::size_t i = 0; i < plugins_.size(); ++i) {
    if (!fresh_[i]) continue;
    if (auto status = plugins_[i]->start(phase); !status) {
      return base::fail(Failed{configuration_.plugins[i].alias, std::move(status).error()});
    }
  }
  return base::done();
}

void Generation::drain() noexcept {
  for (const auto& plugin : plugins_) {
    if (plugin) plugin->drain();
  }
}

bool Generation::stop() noexcept {
  bool all = true;
  for (auto plugin = plugins_.rbegin(); plugin != plugins_.rend(); ++plugin) {
    if (*plugin && !(*plugin)->stop()) all = false;
  }
  return all;
}

std::vector<Generation::Released> Generation::release_fresh() {
  std::vector<Released> released;
  for (std::size_t i = plugins_.size(); i > 0; --i) {
    if (fresh_[i - 1]) released.push_back(release(configuration_.plugins[i - 1].alias));
  }
  return released;
}

Generation::Released Generation::release(const std::string& alias) {
  Released released;
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    const auto& fallback = configuration_.routes[i].fallback;
    const bool has_spare = fallback && fallback->plugin == alias;
    if (involves(i, alias)) {
      released.answers.push_back(std::exchange(answers_[i], Answer()));
      // Another plugin's stays until that one is released.
      if (!has_spare) answers_[i].spare = std::move(released.answers.back().spare);
    } else if (has_spare) {
      released.answers.emplace_back().spare = std::move(answers_[i].spare);
    }
  }
  for (std::size_t i = 0; i < plugins_.size(); ++i) {
    if (configuration_.plugins[i].alias == alias) {
      released.plugin = std::exchange(plugins_[i], nullptr);
    }
  }
  return released;
}

bool Generation::involves(std::size_t index, const std::string& alias) const noexcept {
  const config::Route& route = configuration_.routes[index];
  return (falls_back_[index] ? route.fallback->plugin : route.plugin) == alias ||
         std::any_of(route.with.begin(), route.with.end(),
                     [&alias](const config::Middleware& entry) { return entry.plugin == alias; });
}

std::shared_ptr<plugin::Plugin> Generation::plugin(const std::string& alias) const {
  for (std::size_t i = 0; i < plugins_.size(); ++i) {
    if (configuration_.plugins[i].alias == alias) return plugins_[i];
  }
  return nullptr;
}

std::shared_ptr<sched::Share> Generation::share(const std::string& alias) const {
  for (std::size_t i = 0; i < shares_.size(); ++i) {
    if (configuration_.plugins[i].alias == alias) return shares_[i];
  }
  return nullptr;
}

bool Generation::has(const plugin::Plugin& plugin) const noexcept {
  return std::any_of(plugins_.begin(), plugins_.end(),
                     [&plugin](const auto& entry) { return entry.get() == &plugin; });
}

}  // namespace berth::app
