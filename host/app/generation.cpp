#include "app/generation.h"

#include <cassert>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "app/process.h"
#include "app/route_table.h"

namespace berth::app {

namespace {

void add_all(config::Diagnostics& diagnostics, plugin::Findings findings) {
  for (config::Diagnostic& finding : findings) diagnostics.add(std::move(finding));
}

serve::Route serve_route(const config::Route& route, serve::Handler& handler) {
  serve::Route result;
  result.handler = &handler;
  result.pattern = route.pattern;
  result.max_body = route.max_body.value_or(std::numeric_limits<std::uint64_t>::max());
  result.timeout = route.timeout.value_or(base::Duration::zero());
  result.ignores_half_close = route.ignores_half_close;
  result.logged = route.access_log;
  if (!route.learning) result.learning.turn_off();
  return result;
}

}  // namespace

Generation::Generation(config::Configuration configuration)
    : configuration_(std::move(configuration)) {}

Generation::~Generation() { stop(); }

std::unique_ptr<Generation> Generation::build(config::Configuration configuration,
                                              const plugin::LoadContext& context,
                                              plugin::LogSink& sink,
                                              config::Diagnostics& diagnostics,
                                              const Watch& watch) {
  std::unique_ptr<Generation> generation(new Generation(std::move(configuration)));
  auto table = build_route_table(generation->configuration_, diagnostics);
  generation->load_plugins(context, sink, diagnostics, watch);
  generation->make_handlers(diagnostics, watch);
  if (!table || diagnostics.errors() > 0) return nullptr;
  generation->mux_ = std::make_unique<mux::Mux>(std::move(*table), std::move(generation->routes_));
  generation->root_.emplace(*generation->mux_, 1);
  return generation;
}

void Generation::load_plugins(const plugin::LoadContext& context, plugin::LogSink& sink,
                              config::Diagnostics& diagnostics, const Watch& watch) {
  for (const config::Plugin& entry : configuration_.plugins) {
    if (entry.file.empty()) {  // of a remainder
      plugins_.emplace_back();
      continue;
    }
    if (watch) watch(entry);
    plugin::PluginOptions options{
        .alias = entry.alias,
        .path = plugin_path(entry.file),
        .config = entry.config,
        .position = entry.file_position,
        .strict_permissions = entry.permissions == config::PluginPermissions::kStrict,
    };
    auto loaded = plugin::Plugin::load(std::move(options), context, sink);
    if (loaded) {
      plugins_.push_back(std::move(loaded).value());
    } else {
      plugins_.emplace_back();
      add_all(diagnostics, std::move(loaded).error());
    }
  }
}

plugin::Plugin* Generation::find_plugin(const std::string& alias, const Watch& watch) const {
  std::size_t index = 0;
  while (index < configuration_.plugins.size() && configuration_.plugins[index].alias != alias) {
    ++index;
  }
  if (index == plugins_.size() || !plugins_[index]) return nullptr;
  if (watch) watch(configuration_.plugins[index]);
  return plugins_[index].get();
}

serve::Handler* Generation::make_handler(const config::Route& route,
                                         config::Diagnostics& diagnostics, const Watch& watch) {
  bool whole = true;
  std::shared_ptr<plugin::PluginHandler> handler;
  if (plugin::Plugin* const plugin = find_plugin(route.plugin, watch)) {
    auto made = plugin->make({.kind = route.kind,
                              .pattern = route.pattern,
                              .config = route.config,
                              .position = route.handler_position});
    if (made) {
      handler = std::move(made).value();
    } else {
      add_all(diagnostics, std::move(made).error());
    }
  }
  plugin::PluginChain::Middleware middleware;
  for (const config::Middleware& entry : route.with) {
    plugin::Plugin* const plugin = find_plugin(entry.plugin, watch);
    if (plugin == nullptr) {
      whole = false;
      continue;
    }
    auto made = plugin->make_middleware({.kind = entry.kind,
                                         .pattern = route.pattern,
                                         .config = entry.config,
                                         .position = entry.handler_position});
    if (made) {
      middleware.push_back(std::move(made).value());
    } else {
      whole = false;
      add_all(diagnostics, std::move(made).error());
    }
  }
  if (!handler || !whole) return nullptr;
  if (middleware.empty()) return handlers_.emplace_back(std::move(handler)).get();
  return chains_
      .emplace_back(
          std::make_unique<plugin::PluginChain>(std::move(middleware), std::move(handler)))
      .get();
}

void Generation::make_handlers(config::Diagnostics& diagnostics, const Watch& watch) {
  for (const config::Route& route : configuration_.routes) {
    if (serve::Handler* const handler = make_handler(route, diagnostics, watch)) {
      routes_.push_back(serve_route(route, *handler));
    }
  }
  assert(routes_.size() == configuration_.routes.size() || diagnostics.errors() > 0);
  for (std::size_t index = 0; index < plugins_.size(); ++index) {
    if (!plugins_[index]) continue;
    if (watch) watch(configuration_.plugins[index]);
    auto fit = plugins_[index]->self_test();
    if (!fit) add_all(diagnostics, std::move(fit).error());
  }
}

base::Status<plugin::Findings> Generation::start() {
  for (; started_ < plugins_.size(); ++started_) {
    if (auto status = plugins_[started_]->start(plugin::StartPhase::kFirst); !status) {
      stop();
      return status;
    }
  }
  return base::done();
}

void Generation::stop() noexcept {
  while (started_ > 0) plugins_[--started_]->stop();
}

}  // namespace berth::app
