// One immutable world: a configuration, the plugins it names and the routes between them. A request
// keeps the one it began with. It opens no socket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/closed_handler.h"
#include "app/poison_handler.h"
#include "app/reload_report.h"
#include "base/result.h"
#include "config/configuration.h"
#include "config/diagnostic.h"
#include "mux/mux.h"
#include "plugin/image.h"
#include "plugin/log_sink.h"
#include "plugin/plugin.h"
#include "plugin/plugin_chain.h"
#include "sched/share.h"
#include "serve/root.h"

namespace berth::app {

// Built (GenerationDraft), started and taken down by one thread; root() serves on many. Plugins are
// shared with the generations before and behind it where nothing of theirs has changed, so each is
// started by the first and stopped by whoever knows that it was the last.
class Generation {
 public:
  // What a route's requests go to; owned here, named by the mux.
  struct Answer {
    std::shared_ptr<plugin::PluginHandler> handler;  // null: closed, or in the chain
    std::unique_ptr<plugin::PluginChain> chain;
    std::unique_ptr<PoisonHandler> guard;  // before them; mostly none
    // The route's fallback while it does not answer: made, so that it is known to be fit.
    std::shared_ptr<plugin::PluginHandler> spare;
  };
  // A plugin that was let go of, with what led to it: that is to outlive the plugin's stop().
  struct Released {
    std::shared_ptr<plugin::Plugin> plugin;
    std::vector<Answer> answers;
  };
  // A plugin that failed in this process, and what it said.
  struct Failed {
    std::string alias;
    plugin::Findings findings;
  };
  // Called before code of a plugin runs; empty: nobody wants to know.
  using Watch = std::function<void(const config::Plugin&)>;

  // A first generation out of files alone, unprobed: see GenerationDraft. `context` and `sink`
  // outlive it.
  [[nodiscard]] static std::unique_ptr<Generation> build(config::Configuration configuration,
                                                         const plugin::LoadContext& context,
                                                         plugin::LogSink& sink,
                                                         config::Diagnostics& diagnostics,
                                                         const Watch& watch = {});
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;
  // Handlers leave, then the images that no other generation has.
  ~Generation();

  // Starts the plugins it has loaded anew, in the configuration's order. Error: the first that
  // fails; those before are to be stopped (release_fresh).
  [[nodiscard]] base::Status<Failed> start(plugin::StartPhase phase);
  // Tells all its plugins that they will be stopped.
  void drain() noexcept;
  // Stops all its plugins in the reverse order. False: a task of one still runs, so that nothing of
  // it may be taken down. REQUIRES: no request is in a handler, and no other generation serves.
  [[nodiscard]] bool stop() noexcept;

  // Lets go of a plugin and of every handler that leads to it. REQUIRES: it has one of that alias;
  // no request of this generation is in a route that involves it, and none will be.
  [[nodiscard]] Released release(const std::string& alias);

  // Lets go of every plugin it has loaded anew, as release() does, the last one first: it will not
  // serve.
  [[nodiscard]] std::vector<Released> release_fresh();

  [[nodiscard]] serve::Root& root() noexcept { return *root_; }
  [[nodiscard]] const config::Configuration& configuration() const noexcept {
    return configuration_;
  }
  // By their place in the configuration; null: not loaded, or released.
  [[nodiscard]] const std::vector<std::shared_ptr<plugin::Plugin>>& plugins() const noexcept {
    return plugins_;
  }
  // Null: there is none of that alias, or it is not loaded.
  [[nodiscard]] std::shared_ptr<plugin::Plugin> plugin(const std::string& alias) const;
  [[nodiscard]] bool has(const plugin::Plugin& plugin) const noexcept;
  // That calls of its routes count in; null: it has none.
  [[nodiscard]] std::shared_ptr<sched::Share> share(const std::string& alias) const;
  // Of the configuration's index-th route, for comparing.
  [[nodiscard]] const serve::Route& route(std::size_t index) const noexcept {
    return mux_->at(index);
  }
  // Whether the fallback of the configuration's index-th route answers in its handler's place.
  [[nodiscard]] bool falls_back(std::size_t index) const noexcept { return falls_back_[index]; }
  // Whether a request of that route can come to code of the plugin. A fallback that does not
  // answer, or a handler that it stands in for, is not asked.
  [[nodiscard]] bool involves(std::size_t index, const std::string& alias) const noexcept;
  // The files of those it has loaded anew, by the same index, for whoever keeps them: once, for
  // they are large.
  [[nodiscard]] std::vector<std::string> take_bytes() noexcept { return std::exchange(bytes_, {}); }
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  // What became of each plugin when it was built.
  [[nodiscard]] const std::vector<PluginReport>& reports() const noexcept { return reports_; }
  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }

 private:
  friend class GenerationDraft;
  Generation(config::Configuration configuration, std::uint64_t number, std::string origin);

  // Destroyed from the last to the first: the mux names handlers, handlers belong to images.
  config::Configuration configuration_;
  const std::uint64_t number_;
  const std::string origin_;
  std::vector<PluginReport> reports_;
  std::vector<std::shared_ptr<plugin::Plugin>> plugins_;
  std::vector<bool> fresh_;  // by the same index: loaded for this generation
  std::vector<std::shared_ptr<sched::Share>> shares_;  // likewise
  std::vector<std::string> bytes_;
  ClosedHandler closed_;
  std::vector<Answer> answers_;   // by the place of their route
  std::vector<bool> falls_back_;  // by the same index: its fallback answers
  std::unique_ptr<mux::Mux> mux_;
  std::optional<serve::Root> root_;
};

}  // namespace berth::app
