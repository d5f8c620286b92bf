#include "plugin/plugin.h"

#include <berth/abi.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "config/printable.h"
#include "config/suggest.h"
#include "plugin/abi_text.h"
#include "plugin/config_bridge.h"
#include "plugin/contained_call.h"
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

// The same; what it changes of the process is told as done `during` ("it started").
std::int32_t watched(ConfigScope& scope, const HostTable& host, ChangeReport& changes,
                     std::string_view during, const std::function<std::int32_t()>& call) {
  const CallScope inside(host.image()->site());
  const ProcessState before = ProcessState::now();
  const std::int32_t result = contained(scope, call);
  changes.tell(during, before.compare_and_put_back());
  return result;
}

// What the plugin complained of, else the last error it logged or threw, else only that it failed.
Findings findings_of(const ConfigScope& scope, const base::SourcePosition& position,
                     const std::string& what) {
  if (!scope.complaints().empty()) return scope.complaints();
  std::string text = what;
  if (!scope.last_error().empty()) text += ": " + config::printable(scope.last_error());
  return finding(position, std::move(text));
}

template <class Made>
struct Role;

template <>
struct Role<PluginHandler> {
  using Table = berth_handler;
  static constexpr std::string_view kName = "handler";
  static constexpr std::string_view kOther = "middleware";
  static constexpr std::string_view kPlace = "`with`";  // of the other one
  static auto maker(const berth_plugin& table) { return table.make; }
  static const std::vector<std::string>& kinds(const Image& image) { return image.kinds(); }
  static const std::vector<std::string>& others(const Image& image) {
    return image.middleware_kinds();
  }
};

template <>
struct Role<PluginMiddleware> {
  using Table = berth_middleware;
  static constexpr std::string_view kName = "middleware";
  static constexpr std::string_view kOther = "handler";
  static constexpr std::string_view kPlace = "`handler`";
  static auto maker(const berth_plugin& table) { return table.make_middleware; }
  static const std::vector<std::string>& kinds(const Image& image) {
    return image.middleware_kinds();
  }
  static const std::vector<std::string>& others(const Image& image) { return image.kinds(); }
};

// What can be asked for in a place of the configuration, and what cannot.
struct KindNames {
  std::string_view role;
  const std::vector<std::string>& known;
  std::string_view other_role;
  const std::vector<std::string>& others;
  std::string_view other_place;
};

template <class Made>
KindNames kind_names(Role<Made> role, const Image& image) {
  return {role.kName, role.kinds(image), role.kOther, role.others(image), role.kPlace};
}

bool contains(const std::vector<std::string>& kinds, const std::string& kind) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

std::string list_of(const std::string& alias, const std::vector<std::string>& kinds) {
  std::string list;
  for (const std::string& kind : kinds) list += (list.empty() ? "" : ", ") + alias + "." + kind;
  return list;
}

Findings unknown_kind(const KindNames& names, const Mount& mount, const std::string& alias) {
  const std::string plugin = "plugin \"" + alias + "\" has ";
  const std::string role(names.role);
  const std::string other(names.other_role);
  const std::string place(names.other_place);
  if (contains(names.others, std::string(mount.kind))) {
    return finding(
        mount.position,
        config::quote(alias + "." + std::string(mount.kind)) + " is a " + other + ", not a " + role,
        "name it at " + place);
  }
  std::string help;
  if (!names.known.empty()) {
    help = "it has: " + list_of(alias, names.known);
  } else if (names.others.empty()) {
    help = "it has none at all";
  } else {
    help = "what it has is for " + place + ": " + list_of(alias, names.others);
  }
  if (mount.kind.empty()) {
    const std::string what = names.known.empty()
                                 ? "no " + role
                                 : std::to_string(names.known.size()) + " kinds of " + role +
                                       (role == "handler" ? "s" : "") + ": say which one";
    return finding(mount.position, plugin + what, std::move(help));
  }
  Findings findings = finding(
      mount.position, plugin + "no " + role + " " + config::quote(mount.kind), std::move(help));
  const std::vector<std::string_view> candidates(names.known.begin(), names.known.end());
  const std::string nearest = config::nearest(mount.kind, candidates);
  if (!nearest.empty()) findings.front().suggestion = alias + "." + nearest;
  return findings;
}

}  // namespace

Plugin::Plugin(PluginOptions options, LogSink& sink)
    : options_(std::move(options)), host_(options_.alias, sink), changes_(host_) {}

base::Result<std::shared_ptr<Plugin>, Findings> Plugin::load(PluginOptions options,
                                                             const LoadContext& context,
                                                             LogSink& sink) {
  const std::string what = "plugin \"" + options.alias + "\", " + options.path + ": ";
  const auto file = read_plugin_file(options.path, process_policy(options.strict_permissions));
  if (!file) return fail(finding(options.position, what + file.error().text));
  return load(std::move(options), *file, context, sink);
}

base::Result<std::shared_ptr<Plugin>, Findings> Plugin::load(PluginOptions options,
                                                             const PluginFile& file,
                                                             const LoadContext& context,
                                                             LogSink& sink) {
  const std::string what = "plugin \"" + options.alias + "\", " + options.path + ": ";
  auto image =
      Image::load(file, context, {.alias = options.alias, .generation = options.generation});
  if (!image) return fail(finding(options.position, what + image.error().text));
  std::shared_ptr<Plugin> plugin(new Plugin(std::move(options), sink), &Plugin::retire);
  plugin->image_ = std::move(*image);
  plugin->host_.belong_to(plugin->image_->use());
  {
    const base::MutexLock lock(plugin->control_);
    plugin->changes_.tell("it was loaded", plugin->image_->changes());
  }
  for (const std::string& blocker : plugin->image_->unload_blockers()) {
    const std::array<LogPair, 1> pairs{{{"why", blocker}}};
    plugin->host_.log(LogLevel::kWarn, "the plugin cannot be replaced any number of times", pairs);
  }
  if (const std::optional<std::string>& warning = *file.trust) {
    plugin->host_.log(LogLevel::kWarn, *warning);
  }
  return plugin;
}

void Plugin::retire(Plugin* plugin) noexcept {
  if (plugin->stop()) {
    delete plugin;
    return;
  }
  // Its threads are still inside of it: nothing they could use may go.
  const std::array<LogPair, 2> pairs{
      {{"file", plugin->options_.path}, {"why", "a background task does not end"}}};
  plugin->host_.log(LogLevel::kWarn, "the plugin stays in memory until the host ends", pairs);
}

UnloadResult Plugin::unload() noexcept {
  if (const auto tasks = host_.tasks().running(); !tasks.empty()) {
    UnloadResult kept;
    for (const TaskInfo& task : tasks) kept.holds.push_back({"task", task.name});
    return kept;
  }
  {
    const base::MutexLock lock(control_);
    assert(!started_);
    handlers_.clear();
    middleware_.clear();
  }
  return image_ ? image_->unload() : UnloadResult{.left = true, .holds = {}};
}

Plugin::~Plugin() noexcept {
  const UnloadResult result = unload();
  if (result.left) return;
  const std::string why = result.why();
  const std::array<LogPair, 2> pairs{{{"file", options_.path}, {"why", why}}};
  host_.log(LogLevel::kWarn, "the plugin stays in memory until the host ends", pairs);
}

template <>
Plugin::Instances<PluginHandler>& Plugin::instances<PluginHandler>() {
  return handlers_;
}

template <>
Plugin::Instances<PluginMiddleware>& Plugin::instances<PluginMiddleware>() {
  return middleware_;
}

bool Plugin::is_the_same(const std::string& digest, const config::Node& config) const {
  return image_->digest() == digest && config::same_contents(options_.config, config);
}

bool Plugin::has(const Mount& mount) {
  const base::MutexLock lock(control_);
  const auto among = [&mount](const auto& made, const std::vector<std::string>& kinds) {
    const bool only_one = mount.kind.empty() && kinds.size() == 1;
    const std::string kind = only_one ? kinds.front() : std::string(mount.kind);
    return made.contains(instance_key(kind, mount.pattern, mount.config));
  };
  return among(handlers_, kinds()) || among(middleware_, middleware_kinds());
}

template <class Made>
base::Result<std::shared_ptr<Made>, Findings> Plugin::obtain(const Mount& mount) {
  const KindNames names = kind_names(Role<Made>(), *image_);
  std::string kind(mount.kind);
  if (kind.empty() && names.known.size() == 1) kind = names.known.front();
  if (!contains(names.known, kind)) return fail(unknown_kind(names, mount, options_.alias));

  const std::string key = instance_key(kind, mount.pattern, mount.config);
  const base::MutexLock lock(control_);
  Instances<Made>& made = instances<Made>();
  if (const auto found = made.find(key); found != made.end()) {
    if (auto lent = found->second.users.lock()) return lent;
    return lend(key, found->second);
  }
  auto fresh = make_new<Made>(kind, mount);
  if (!fresh) return fail(std::move(fresh).error());
  Instance<Made>& instance = made[key];
  instance.made = std::move(*fresh);
  return lend(key, instance);
}

base::Result<std::shared_ptr<PluginHandler>, Findings> Plugin::make(const Mount& mount) {
  return obtain<PluginHandler>(mount);
}

base::Result<std::shared_ptr<PluginMiddleware>, Findings> Plugin::make_middleware(
    const Mount& mount) {
  return obtain<PluginMiddleware>(mount);
}

template <class Made>
base::Result<std::unique_ptr<Made>, Findings> Plugin::make_new(const std::string& kind,
                                                               const Mount& mount) {
  using Table = typename Role<Made>::Table;
  const Node plugin_config = map_or_empty(options_.config, options_.position);
  const Node config = map_or_empty(mount.config, mount.position);
  berth_mount wanted{};
  wanted.size = sizeof wanted;
  wanted.kind = present(kind);
  wanted.pattern = present(mount.pattern);
  wanted.plugin_config = handle_of(&plugin_config);
  wanted.config = handle_of(&config);

  const std::string what = "plugin \"" + options_.alias + "\" could not make " +
                           std::string(Role<Made>::kName) + " \"" + kind + "\"";
  const Table* table = nullptr;
  ConfigScope scope(config);
  const auto make = Role<Made>::maker(image_->table());
  const std::int32_t result =
      watched(scope, host_, changes_, "it made a " + std::string(Role<Made>::kName),
              [&] { return make(host_.get(), &wanted, &table); });
  if (result != BERTH_OK) return fail(findings_of(scope, mount.position, what));
  if (table == nullptr || table->size < sizeof(Table) || table->serve == nullptr) {
    return fail(finding(mount.position, what + ": make() succeeded without a complete " +
                                            std::string(Role<Made>::kName)));
  }
  if constexpr (std::is_same_v<Made, PluginHandler>) {
    return std::make_unique<Made>(*table, kind, std::string(mount.pattern), host_);
  } else {
    return std::make_unique<Made>(*table, kind, std::string(mount.pattern), host_);
  }
}

template <class Made>
std::shared_ptr<Made> Plugin::lend(const std::string& key, Instance<Made>& instance) {
  // Moved out when it runs: instance.users keeps the deleter itself alive, and the plugin with it.
  std::shared_ptr<Made> lent(instance.made.get(), [self = shared_from_this(), key](Made*) mutable {
    const std::shared_ptr<Plugin> plugin = std::move(self);
    plugin->give_back<Made>(key);
  });
  instance.users = lent;
  return lent;
}

template <class Made>
void Plugin::give_back(const std::string& key) noexcept {
  const base::MutexLock lock(control_);
  Instances<Made>& made = instances<Made>();
  const auto found = made.find(key);
  // It may have been lent again meanwhile.
  if (found != made.end() && found->second.users.expired()) made.erase(found);
}

base::Status<Findings> Plugin::self_test() {
  const base::MutexLock lock(control_);
  if (image_->table().self_test == nullptr) return base::done();
  const Node config = map_or_empty(options_.config, options_.position);
  ConfigScope scope(config);
  const std::int32_t result = watched(scope, host_, changes_, "it tested itself",
                                      [&] { return image_->table().self_test(host_.get()); });
  if (result >= 0) return base::done();
  return fail(findings_of(scope, options_.position,
                          "plugin \"" + options_.alias + "\" is not fit to serve"));
}

base::Status<Findings> Plugin::start(StartPhase phase) {
  const base::MutexLock lock(control_);
  host_.tasks().open();
  if (image_->table().start == nullptr) {
    started_ = true;
    return base::done();
  }
  const Node config = map_or_empty(options_.config, options_.position);
  ConfigScope scope(config);
  const std::int32_t result = watched(scope, host_, changes_, "it started", [&] {
    return image_->table().start(host_.get(), handle_of(&config), static_cast<std::int32_t>(phase));
  });
  started_ = result >= 0;
  if (started_) return base::done();
  end_tasks(base::limits::kTaskEnd);
  return fail(
      findings_of(scope, options_.position, "plugin \"" + options_.alias + "\" could not start"));
}

void Plugin::drain() noexcept {
  const base::MutexLock lock(control_);
  if (!started_ || std::exchange(drained_, true)) return;
  if (image_->table().drain == nullptr) return;
  const CallScope inside(image_->use().site());
  try {
    image_->table().drain();
  } catch (...) {  // a C++ plugin without the SDK's guard
    log_exception("drain()", host_);
  }
}

bool Plugin::stop(base::Duration bound) noexcept {
  // Without control_: a task may be about to let go of the last request.
  if (!end_tasks(bound)) return false;
  const base::MutexLock lock(control_);
  if (!std::exchange(started_, false) || image_->table().stop == nullptr) return true;
  const CallScope inside(image_->use().site());
  try {
    image_->table().stop();
  } catch (...) {
    log_exception("stop()", host_);
  }
  return true;
}

bool Plugin::end_tasks(base::Duration bound) noexcept {
  const auto left = host_.tasks().stop(base::system_clock().now() + bound);
  for (const TaskInfo& task : left) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(task.age);
    const std::string seconds = std::to_string(age.count());
    const std::array<LogPair, 2> pairs{{{"task", task.name}, {"age_s", seconds}}};
    host_.log(LogLevel::kWarn, "a background task was told to end, and still runs", pairs);
  }
  return left.empty();
}

}  // namespace berth::plugin
