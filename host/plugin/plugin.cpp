#include "plugin/plugin.h"

#include <berth/abi.h>

#include <algorithm>
#include <array>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

#include "config/printable.h"
#include "config/suggest.h"
#include "plugin/abi_text.h"
#include "plugin/config_bridge.h"
#include "plugin/file_trust.h"
#include "plugin/plugin_file.h"

namespace berth::plugin {

namespace {

using base::fail;
using config::Node;

Findings finding(base::SourcePosition position, std::string what, std::string help = {}) {
  config::Diagnostic diagnostic;
  diagnostic.position = std::move(position);
  diagnostic.what = std::move(what);
  diagnostic.help = std::move(help);
  return {std::move(diagnostic)};
}

// What stands in `config:`; an empty map at `position` where nothing does.
Node map_or_empty(const Node& node, const base::SourcePosition& position) {
  if (!node.is_null()) return node;
  return Node::map(
      {std::make_shared<const std::string>(position.file), position.line, position.column}, {}, {});
}

// Everything but places, so that a line inserted above makes no new handler. Sizes keep neighbours
// apart whatever bytes they hold.
void append_contents(std::string& out, const Node& node) {
  const auto append_text = [&out](std::string_view text) {
    out += std::to_string(text.size());
    out += ':';
    out += text;
  };
  out += node.is_map() ? 'm' : node.is_list() ? 'l' : node.is_null() ? 'n' : 's';
  if (node.is_scalar()) {
    out += node.quoted() ? 'q' : 'p';
    append_text(node.text());
  }
  out += std::to_string(node.size());
  for (std::size_t i = 0; i < node.size(); ++i) {
    if (node.is_map()) append_text(node.key(i).text());
    append_contents(out, node.value(i));
  }
}

std::string instance_key(std::string_view kind, std::string_view pattern, const Node& config) {
  std::string key(kind);
  key += '\n';
  key += pattern;
  key += '\n';
  append_contents(key, config);
  return key;
}

// Calls into the plugin. A result of it, or BERTH_E_FAILED with what it threw in the scope.
std::int32_t contained(ConfigScope& scope, const std::function<std::int32_t()>& call) {
  try {
    return call();
  } catch (const std::exception& error) {
    scope.remember_error(error.what());
  } catch (...) {
    scope.remember_error("an exception that is no std::exception");
  }
  return BERTH_E_FAILED;
}

// What the plugin complained of, else the last error it logged or threw, else only that it failed.
Findings findings_of(const ConfigScope& scope, const base::SourcePosition& position,
                     const std::string& what) {
  if (!scope.complaints().empty()) return scope.complaints();
  std::string text = what;
  if (!scope.last_error().empty()) text += ": " + config::printable(scope.last_error());
  return finding(position, std::move(text));
}

}  // namespace

Plugin::Plugin(PluginOptions options, LogSink& sink)
    : options_(std::move(options)), host_(options_.alias, sink) {}

base::Result<std::shared_ptr<Plugin>, Findings> Plugin::load(PluginOptions options,
                                                             const LoadContext& context,
                                                             LogSink& sink) {
  const std::string what = "plugin \"" + options.alias + "\", " + options.path + ": ";
  const auto file = read_plugin_file(options.path, process_policy(options.strict_permissions));
  if (!file) return fail(finding(options.position, what + file.error().text));
  auto image = Image::load(*file, context);
  if (!image) return fail(finding(options.position, what + image.error().text));
  std::shared_ptr<Plugin> plugin(new Plugin(std::move(options), sink));
  plugin->image_ = std::move(*image);
  if (const std::optional<std::string>& warning = *file->trust) {
    plugin->host_.log(LogLevel::kWarn, *warning);
  }
  return plugin;
}

Plugin::~Plugin() noexcept {
  stop();
  {
    const base::MutexLock lock(control_);
    instances_.clear();
  }
  if (!image_) return;
  const UnloadResult result = image_->unload();
  if (result.left) return;
  const std::array<LogPair, 2> pairs{{{"file", options_.path}, {"why", result.why}}};
  host_.log(LogLevel::kWarn, "the plugin stays in memory until the host ends", pairs);
}

Findings Plugin::unknown_kind(const Mount& mount) const {
  const std::vector<std::string>& known = kinds();
  std::string help;
  for (const std::string& kind : known) {
    help += help.empty() ? "it has: " : ", ";
    help += options_.alias + "." + kind;
  }
  if (known.empty()) help = "it has none at all";
  if (mount.kind.empty()) {
    return finding(mount.position,
                   "plugin \"" + options_.alias + "\" has " + std::to_string(known.size()) +
                       " kinds of handlers: say which one",
                   std::move(help));
  }
  Findings findings =
      finding(mount.position,
              "plugin \"" + options_.alias + "\" has no handler " + config::quote(mount.kind),
              std::move(help));
  const std::vector<std::string_view> candidates(known.begin(), known.end());
  const std::string nearest = config::nearest(mount.kind, candidates);
  if (!nearest.empty()) findings.front().suggestion = options_.alias + "." + nearest;
  return findings;
}

base::Result<std::shared_ptr<PluginHandler>, Findings> Plugin::make(const Mount& mount) {
  const std::vector<std::string>& known = kinds();
  std::string kind(mount.kind);
  if (kind.empty() && known.size() == 1) kind = known.front();
  if (std::find(known.begin(), known.end(), kind) == known.end()) return fail(unknown_kind(mount));

  const std::string key = instance_key(kind, mount.pattern, mount.config);
  const base::MutexLock lock(control_);
  if (const auto found = instances_.find(key); found != instances_.end()) {
    if (auto handler = found->second.users.lock()) return handler;
    return lend(key, found->second);
  }
  auto handler = make_new(kind, mount);
  if (!handler) return fail(std::move(handler).error());
  Instance& instance = instances_[key];
  instance.handler = std::move(*handler);
  return lend(key, instance);
}

base::Result<std::unique_ptr<PluginHandler>, Findings> Plugin::make_new(const std::string& kind,
                                                                        const Mount& mount) {
  const Node plugin_config = map_or_empty(options_.config, options_.position);
  const Node config = map_or_empty(mount.config, mount.position);
  berth_mount wanted{};
  wanted.size = sizeof wanted;
  wanted.kind = present(kind);
  wanted.pattern = present(mount.pattern);
  wanted.plugin_config = handle_of(&plugin_config);
  wanted.config = handle_of(&config);

  const std::string what =
      "plugin \"" + options_.alias + "\" could not make handler \"" + kind + "\"";
  const berth_handler* table = nullptr;
  ConfigScope scope(config);
  const std::int32_t result =
      contained(scope, [&] { return image_->table().make(host_.get(), &wanted, &table); });
  if (result != BERTH_OK) return fail(findings_of(scope, mount.position, what));
  if (table == nullptr || table->size < sizeof(berth_handler) || table->serve == nullptr) {
    return fail(finding(mount.position, what + ": make() succeeded without a complete handler"));
  }
  return std::make_unique<PluginHandler>(*table, kind, std::string(mount.pattern), host_);
}

std::shared_ptr<PluginHandler> Plugin::lend(const std::string& key, Instance& instance) {
  // Moved out when it runs: instance.users keeps the deleter itself alive, and the plugin with it.
  std::shared_ptr<PluginHandler> handler(instance.handler.get(),
                                         [self = shared_from_this(), key](PluginHandler*) mutable {
                                           const std::shared_ptr<Plugin> plugin = std::move(self);
                                           plugin->give_back(key);
                                         });
  instance.users = handler;
  return handler;
}

void Plugin::give_back(const std::string& key) noexcept {
  const base::MutexLock lock(control_);
  const auto found = instances_.find(key);
  // It may have been lent again meanwhile.
  if (found == instances_.end() || !found->second.users.expired()) return;
  if (!started_) instances_.erase(found);
}

base::Status<Findings> Plugin::self_test() {
  const base::MutexLock lock(control_);
  if (image_->table().self_test == nullptr) return base::done();
  const Node config = map_or_empty(options_.config, options_.position);
  ConfigScope scope(config);
  const std::int32_t result =
      contained(scope, [&] { return image_->table().self_test(host_.get()); });
  if (result >= 0) return base::done();
  return fail(findings_of(scope, options_.position,
                          "plugin \"" + options_.alias + "\" is not fit to serve"));
}

base::Status<Findings> Plugin::start(StartPhase phase) {
  const base::MutexLock lock(control_);
  if (image_->table().start == nullptr) {
    started_ = true;
    return base::done();
  }
  const Node config = map_or_empty(options_.config, options_.position);
  ConfigScope scope(config);
  const std::int32_t result = contained(scope, [&] {
    return image_->table().start(host_.get(), handle_of(&config), static_cast<std::int32_t>(phase));
  });
  started_ = result >= 0;
  if (started_) return base::done();
  return fail(
      findings_of(scope, options_.position, "plugin \"" + options_.alias + "\" could not start"));
}

void Plugin::stop() noexcept {
  const base::MutexLock lock(control_);
  if (!started_) return;
  started_ = false;
  if (image_->table().stop != nullptr) {
    try {
      image_->table().stop();
    } catch (...) {  // a C++ plugin without the SDK's guard
      host_.log(LogLevel::kError, "stop() threw an exception");
    }
  }
  std::erase_if(instances_, [](const auto& entry) { return entry.second.users.expired(); });
}

}  // namespace berth::plugin
