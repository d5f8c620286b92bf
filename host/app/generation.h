// One immutable world: a configuration, the plugins it names and the routes between them. A request
// keeps the one it began with. It opens no socket.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "config/configuration.h"
#include "config/diagnostic.h"
#include "mux/mux.h"
#include "plugin/image.h"
#include "plugin/log_sink.h"
#include "plugin/plugin.h"
#include "plugin/plugin_chain.h"
#include "serve/root.h"

namespace berth::app {

// Built, started and stopped by one thread; root() serves on many. `context` and `sink` outlive it.
class Generation {
 public:
  // Called before code of a plugin runs; empty: nobody wants to know.
  using Watch = std::function<void(const config::Plugin&)>;

  // Loads every plugin, makes every handler, builds the mux. Null: something is wrong, and all of
  // it is in `diagnostics`; always so if there were errors before, when `configuration` may be a
  // config::Loaded::remainder and only what else is wrong is wanted. Nothing outside this process's
  // memory has changed then but log lines and private copies, which are gone again.
  [[nodiscard]] static std::unique_ptr<Generation> build(config::Configuration configuration,
                                                         const plugin::LoadContext& context,
                                                         plugin::LogSink& sink,
                                                         config::Diagnostics& diagnostics,
                                                         const Watch& watch = {});
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;
  // stop() if it was not called; then handlers and images leave.
  ~Generation();

  // Starts the plugins, in the configuration's order. Findings: the first that fails; those before
  // are stopped.
  [[nodiscard]] base::Status<plugin::Findings> start();
  // Stops them in the reverse order. REQUIRES: no request is in a handler.
  void stop() noexcept;

  [[nodiscard]] serve::Root& root() noexcept { return *root_; }
  [[nodiscard]] const config::Configuration& configuration() const noexcept {
    return configuration_;
  }
  [[nodiscard]] const std::vector<std::shared_ptr<plugin::Plugin>>& plugins() const noexcept {
    return plugins_;
  }

 private:
  explicit Generation(config::Configuration configuration);

  void load_plugins(const plugin::LoadContext& context, plugin::LogSink& sink,
                    config::Diagnostics& diagnostics, const Watch& watch);
  void make_handlers(config::Diagnostics& diagnostics, const Watch& watch);
  // The loaded plugin of that alias; null: it is not there, which was said already.
  [[nodiscard]] plugin::Plugin* find_plugin(const std::string& alias, const Watch& watch) const;
  // The handler of a route with its middleware around; null: findings were added.
  [[nodiscard]] serve::Handler* make_handler(const config::Route& route,
                                             config::Diagnostics& diagnostics, const Watch& watch);

  // Destroyed from the last to the first: the mux names handlers, handlers belong to images.
  config::Configuration configuration_;
  std::vector<std::shared_ptr<plugin::Plugin>>
      plugins_;  // by their place in the configuration; null: not loaded
  std::vector<std::shared_ptr<plugin::PluginHandler>> handlers_;
  std::vector<std::unique_ptr<plugin::PluginChain>> chains_;
  std::unique_ptr<mux::Mux> mux_;
  std::optional<serve::Root> root_;
  std::vector<serve::Route> routes_;  // until the mux has them
  std::size_t started_ = 0;
};

}  // namespace berth::app
