// One plugin of the configuration: its loaded image, the handlers and the middleware it made. Not a
// list of plugins, and not the routes: app holds those.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"
#include "base/source_position.h"
#include "base/thread_annotations.h"
#include "config/diagnostic.h"
#include "config/node.h"
#include "plugin/change_report.h"
#include "plugin/host_table.h"
#include "plugin/image.h"
#include "plugin/log_sink.h"
#include "plugin/plugin_handler.h"
#include "plugin/plugin_middleware.h"
#include "plugin/task_set.h"

namespace berth::plugin {

// What is wrong, at places of the configuration; never empty.
using Findings = std::vector<config::Diagnostic>;

// plugins.ALIAS of the configuration, and where it stands there.
struct PluginOptions {
  std::string alias;
  std::string path;
  config::Node config;            // null: none, the plugin sees an empty map
  base::SourcePosition position;  // of the path
  bool strict_permissions = false;
  std::uint64_t generation = 0;  // that loads it, for reports; 0: none
};

// What a route wants of a plugin. Views and references live as long as the call.
struct Mount {
  std::string_view kind;  // empty: the one kind there is
  std::string_view pattern;
  const config::Node& config;     // null: none, the plugin sees an empty map
  base::SourcePosition position;  // of the text that names it
};

// When start() is called; the values of the ABI.
enum class StartPhase : std::int32_t { kFirst = 0, kReload = 1, kTakeover = 2 };

// The order of a life: load, make (each route), self_test, start, requests, drain, requests, stop,
// the handlers go, the plugin goes. Calls may come from any thread; the plugin sees them one at a
// time.
//
//   Route table --shared_ptr--> PluginHandler or PluginMiddleware (deleter) --shared_ptr--> Plugin
//   --> Image
//
// so that the image leaves when nothing can call it any more. The log tells if it could not. A
// handler without users is destroyed, started or not. What load, make, self_test and start change
// of the process's state is told to the log and mostly put back (ProcessState). With a background
// task that does not end nothing of the plugin is taken down: it stays as long as the process.
class Plugin : public std::enable_shared_from_this<Plugin> {
 public:
  // Reads, checks and loads the file. The one finding is at options.position. context and sink
  // outlive the plugin.
  [[nodiscard]] static base::Result<std::shared_ptr<Plugin>, Findings> load(
      PluginOptions options, const LoadContext& context, LogSink& sink);
  // The same for a file that was read already.
  [[nodiscard]] static base::Result<std::shared_ptr<Plugin>, Findings> load(
      PluginOptions options, const PluginFile& file, const LoadContext& context, LogSink& sink);

  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
  // The handlers, then the image. stop() has succeeded before; the last pointer to go calls it.
  ~Plugin() noexcept;

  // The handler for a route: the same one for the same kind, pattern and configuration (where that
  // stands in the file does not count), else a new one. Findings: no such kind; what the plugin
  // complained of, each at its place; else at the mount's position what it logged or threw.
  [[nodiscard]] base::Result<std::shared_ptr<PluginHandler>, Findings> make(const Mount& mount);
  // The same for a middleware.
  [[nodiscard]] base::Result<std::shared_ptr<PluginMiddleware>, Findings> make_middleware(
      const Mount& mount);

  // Whether the plugin takes itself for fit to serve; true for one that does not say.
  [[nodiscard]] base::Status<Findings> self_test();
  // Before the first request, once. After a failure the plugin must not serve.
  [[nodiscard]] base::Status<Findings> start(StartPhase phase);
  // Tells it that it will be replaced or the host stops; requests go on. Once: later calls, and
  // those to a plugin that is not started, do nothing.
  void drain() noexcept;
  // After the last request, and before the last handler is let go of, so that the plugin sees
  // stop() before destroy(). Ends its tasks first, and waits at most `bound` for them. False: some
  // still run (tasks().running()), which is logged, and nothing else was done; call it again.
  // Without start(), and twice: nothing, true.
  bool stop(base::Duration bound = base::limits::kTaskEnd) noexcept;

  // What it runs in the background; empty before start() and after stop().
  [[nodiscard]] const TaskSet& tasks() const noexcept { return host_.tasks(); }

  // Whether it is what a load of that file with that `config:` would give, so that it can go on in
  // its stead. digest: as Image's.
  [[nodiscard]] bool is_the_same(const std::string& digest, const config::Node& config) const;
  // Whether a handler or middleware for that mount is there; else make() calls the plugin.
  [[nodiscard]] bool has(const Mount& mount);

  // After stop(), once no route has a handler of it: destroys those that are left and unloads the
  // image as far as possible (Image::unload). Nothing of the plugin but this, image().holds(),
  // tasks() and alias() may be called afterwards; it may be called again. The destructor tries once
  // more.
  UnloadResult unload() noexcept;

  [[nodiscard]] const std::string& alias() const noexcept { return options_.alias; }
  [[nodiscard]] const std::string& path() const noexcept { return options_.path; }
  [[nodiscard]] const PluginNote& note() const noexcept { return image_->note(); }
  // Handlers this plugin can make, in its order.
  [[nodiscard]] const std::vector<std::string>& kinds() const noexcept { return image_->kinds(); }
  [[nodiscard]] const std::vector<std::string>& middleware_kinds() const noexcept {
    return image_->middleware_kinds();
  }
  [[nodiscard]] const Image& image() const noexcept { return *image_; }

 private:
  // A handler or middleware and those who use it; without users it goes, but if it is lent again
  // while the last one lets go of it.
  template <class Made>
  struct Instance {
    std::unique_ptr<Made> made;
    std::weak_ptr<Made> users;
  };
  template <class Made>
  using Instances = std::map<std::string, Instance<Made>, std::less<>>;

  Plugin(PluginOptions options, LogSink& sink);
  // Deletes it if it can be stopped.
  static void retire(Plugin* plugin) noexcept;
  // False: some still run.
  bool end_tasks(base::Duration bound) noexcept;

  template <class Made>
  [[nodiscard]] Instances<Made>& instances() BERTH_REQUIRES(control_);
  template <class Made>
  [[nodiscard]] base::Result<std::shared_ptr<Made>, Findings> obtain(const Mount& mount);
  template <class Made>
  [[nodiscard]] base::Result<std::unique_ptr<Made>, Findings> make_new(const std::string& kind,
                                                                       const Mount& mount)
      BERTH_REQUIRES(control_);
  template <class Made>
  [[nodiscard]] std::shared_ptr<Made> lend(const std::string& key, Instance<Made>& instance);
  template <class Made>
  void give_back(const std::string& key) noexcept;

  PluginOptions options_;
  HostTable host_;
  std::unique_ptr<Image> image_;
  base::Mutex control_;
  ChangeReport changes_ BERTH_GUARDED_BY(control_);
  Instances<PluginHandler> handlers_ BERTH_GUARDED_BY(control_);
  Instances<PluginMiddleware> middleware_ BERTH_GUARDED_BY(control_);
  bool started_ BERTH_GUARDED_BY(control_) = false;
  bool drained_ BERTH_GUARDED_BY(control_) = false;
};

}  // namespace berth::plugin
