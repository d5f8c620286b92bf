// A generation in the making: what becomes of each plugin is decided, checked and probed, while
// nothing of it is loaded here. A dry run ends with it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/crash_ledger.h"
#include "app/generation.h"
#include "app/reload_report.h"
#include "base/clock.h"
#include "config/configuration.h"
#include "config/diagnostic.h"
#include "mux/table.h"
#include "plugin/image.h"
#include "plugin/log_sink.h"
#include "plugin/plugin.h"
#include "plugin/plugin_file.h"

namespace berth::app {

// What a generation is built of, beside its configuration. Everything in it outlives the draft;
// context and sink the generation, too.
struct BuildOptions {
  const plugin::LoadContext& context;
  plugin::LogSink& sink;
  const base::Clock& clock;
  std::uint64_t number = 1;
  std::string origin = "start";
  // Whose plugins go on where neither file nor `config:` is another; null: none.
  const Generation* running = nullptr;
  // Files to read in place of the configured ones, by alias, whatever those are now.
  std::map<std::string, std::string> pinned = {};
  // The file to read in place of the one the configuration names (a rollback's); nothing: that one.
  std::function<std::optional<std::string>(const config::Plugin&)> image_of = {};
  // The image that served last, for on_failure: last-good; nothing: there is none.
  std::function<std::optional<std::string>(const config::Plugin&)> last_good = {};
  // Loads a plugin in a process of its own; findings: it must not be loaded here. Empty: no probe.
  std::function<base::Status<plugin::Findings>(const config::Plugin&, const plugin::PluginFile&)>
      probe = {};
  // What a draft before has found wrong with a plugin in this process, by alias: its file counts as
  // unfit, so that its on_failure decides.
  std::map<std::string, plugin::Findings> failed = {};
  // What is remembered of crashes; null: nothing.
  const CrashLedger* crashes = nullptr;
  // Called before code of a plugin runs in this process; empty: nobody wants to know.
  std::function<void(const config::Plugin&)> watch = {};
  // Whether to give up between two steps: the server stops.
  std::function<bool()> aborted = {};
};

// One thread.
class GenerationDraft {
 public:
  // Reads and checks every file, probes what would be loaded, builds the route table. Everything
  // wrong is in `diagnostics`; so it may have been before, when `configuration` may be a
  // config::Loaded::remainder and only what else is wrong is wanted.
  GenerationDraft(config::Configuration configuration, const BuildOptions& options,
                  config::Diagnostics& diagnostics);
  GenerationDraft(const GenerationDraft&) = delete;
  GenerationDraft& operator=(const GenerationDraft&) = delete;
  ~GenerationDraft() = default;

  // By their place in the configuration.
  [[nodiscard]] std::vector<PluginReport> plugins() const;
  [[nodiscard]] const config::Configuration& configuration() const noexcept {
    return configuration_;
  }
  // Aliases that another image will serve than now.
  [[nodiscard]] std::set<std::string> reloaded() const;

  // Loads, makes every handler, builds the mux: once. Null: something is wrong, now or before, and
  // all of it is in `diagnostics`. Nothing outside this process's memory has changed then but log
  // lines and private copies, which are gone again.
  [[nodiscard]] std::unique_ptr<Generation> load(config::Diagnostics& diagnostics);
  // After load() gave nothing: the plugins it had loaded by then, which have made nothing that is
  // still there, and were not started.
  [[nodiscard]] std::vector<std::shared_ptr<plugin::Plugin>> take_loaded();
  // For plugins() of then: these failed after load(), by alias.
  void note_failed(const std::map<std::string, plugin::Findings>& failed);
  // Likewise: what failed in this process, by alias.
  [[nodiscard]] const std::map<std::string, plugin::Findings>& failed() const noexcept {
    return failed_;
  }

 private:
  // What was decided about one plugin.
  struct Choice {
    PluginReport report;
    std::shared_ptr<plugin::Plugin> plugin;  // that goes on, or has been loaded
    std::optional<plugin::PluginFile> file;  // to be loaded
    bool fresh = false;                      // `plugin` was loaded by this draft
    std::string bytes;                       // of its file, if so
    std::shared_ptr<sched::Share> share;     // of the calls of its routes
  };

  [[nodiscard]] Choice choose(const config::Plugin& entry, config::Diagnostics& diagnostics);
  // The file as this host would load it. Findings: it must not be.
  [[nodiscard]] base::Status<plugin::Findings> examine(const config::Plugin& entry,
                                                       const std::string& path, Choice& choice,
                                                       config::Diagnostics& diagnostics);
  // Whether the image crashed so often that it is not called; then the choice says so.
  [[nodiscard]] bool is_quarantined(const config::Plugin& entry, const std::string& image,
                                    Choice& choice, config::Diagnostics& diagnostics) const;
  // What `on_failure` says.
  void fall_back(const config::Plugin& entry, plugin::Findings why, Choice& choice,
                 config::Diagnostics& diagnostics);
  void fail(plugin::Findings why, Choice& choice, config::Diagnostics& diagnostics) const;
  // The same for what failed in this process.
  void fail_here(const std::string& alias, plugin::Findings why, config::Diagnostics& diagnostics);
  [[nodiscard]] bool needs_probe(const config::Plugin& entry, plugin::Plugin* running) const;
  [[nodiscard]] std::shared_ptr<plugin::Plugin> running(const std::string& alias) const;
  void load(const config::Plugin& entry, Choice& choice, config::Diagnostics& diagnostics);
  // The handler of a route that was made: with a guard before it, if requests of it crashed.
  [[nodiscard]] serve::Handler& guarded(const config::Route& route, bool falls_back,
                                        Generation::Answer& answer, serve::Handler& handler) const;
  void make_handlers(Generation& generation, config::Diagnostics& diagnostics);
  [[nodiscard]] Choice* find(const std::string& alias) noexcept;
  // REQUIRES: find(alias).
  [[nodiscard]] std::shared_ptr<sched::Share> share_of(const std::string& alias);
  // Whose code is called next; null: it was not loaded.
  [[nodiscard]] plugin::Plugin* to_ask(const std::string& alias);
  // Whether the plugin is left out, and its routes answer without it.
  [[nodiscard]] bool is_closed(const std::string& alias) noexcept;
  // Null: its plugin is left out, or findings were added.
  [[nodiscard]] std::shared_ptr<plugin::PluginHandler> make_handler(
      const std::string& alias, const plugin::Mount& mount, config::Diagnostics& diagnostics);
  // False: findings were added.
  [[nodiscard]] bool make_route(const config::Route& route, Generation& generation,
                                config::Diagnostics& diagnostics);

  config::Configuration configuration_;
  const BuildOptions& options_;
  CrashHistory history_;
  std::optional<mux::Table> table_;
  std::vector<Choice> choices_;  // by their place in the configuration
  std::map<std::string, plugin::Findings> failed_;
};

}  // namespace berth::app
