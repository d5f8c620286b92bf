#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/printable.h"
#include "config/schema.h"
#include "config/settings.h"
#include "config/suggest.h"

namespace berth::config {

namespace {

constexpr std::array<Key, 16> kKeys{{
    {"listen", Key::Status::kRequired, "write listen: [{ name: public, address: \":8080\" }]"},
    {"plugins"},
    {"plugin_permissions"},
    {"routes"},
    {"timeouts"},
    {"limits"},
    {"log"},
    {"include"},  // gone from the tree already: read_tree()
    {"control"},
    {"generations"},
    {"watch"},
    {"on_crash"},
    {"quarantine"},
    {"standby"},
    {"recycle"},
    {"user"},
}};

// In the order of OnCrash.
constexpr std::array<std::string_view, 2> kOnCrash{"drain", "abort"};

// More names than this are not listed in a help line.
constexpr std::size_t kListedNames = 10;

using Names = std::vector<std::string_view>;

// Marks the plugin as used, or reports that there is none of the alias.
class PluginNames {
 public:
  PluginNames(Configuration& configuration, Report& report) : report_(report) {
    for (Plugin& plugin : configuration.plugins) {
      aliases_.push_back(plugin.alias);
      plugins_.emplace(plugin.alias, &plugin);
    }
  }

  void use(const std::string& alias, const std::string& kind,
           const base::SourcePosition& position) {
    if (alias.empty()) return;  // reported already
    const auto found = plugins_.find(alias);
    if (found != plugins_.end()) {
      found->second->used = true;
      return;
    }
    std::string suggestion = report_.full() ? std::string() : nearest(alias, aliases_);
    if (!suggestion.empty() && !kind.empty()) suggestion += "." + kind;
    report_.error(position, "no plugin is named " + quote(alias),
                  "name it under `plugins`: " + alias + ": { file: " + alias + ".so }", suggestion);
  }

 private:
  Report& report_;
  Names aliases_;
  std::map<std::string_view, Plugin*> plugins_;
};

void check_handlers(Configuration& configuration, Report& report) {
  PluginNames names(configuration, report);
  for (const Route& route : configuration.routes) {
    names.use(route.plugin, route.kind, route.handler_position);
    for (const Middleware& entry : route.with) {
      names.use(entry.plugin, entry.kind, entry.handler_position);
    }
    if (const auto& fallback = route.fallback) {
      names.use(fallback->plugin, fallback->kind, fallback->handler_position);
    }
  }
}

void check_listeners(const Configuration& configuration, const Node& routes, Report& report) {
  Names names;
  std::string list = "`listen` names";
  for (const Listener& listener : configuration.listeners) {
    if (listener.name.empty()) continue;  // reported already
    list += (names.empty() ? " " : ", ") + listener.name;
    names.push_back(listener.name);
  }
  if (names.empty()) return;  // so that `listen` is at fault, which has been reported
  if (names.size() > kListedNames) list.clear();
  const std::set<std::string_view> known(names.begin(), names.end());
  const auto is_health = [&configuration](std::string_view name) {
    return std::any_of(
        configuration.listeners.begin(), configuration.listeners.end(),
        [name](const Listener& listener) { return listener.health && listener.name == name; });
  };
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const Node* const listeners = routes.value(i).find("listeners");
    if (listeners == nullptr || !listeners->is_list()) continue;
    for (std::size_t j = 0; j < listeners->size(); ++j) {
      const Node& item = listeners->value(j);
      if (item.is_scalar() && is_health(item.text())) {
        report.error(item.position(),
                     "the listener " + quote(item.text()) + " answers health checks alone",
                     "name another listener, or drop its health: true");
        continue;
      }
      if (!item.is_scalar() || known.contains(item.text())) continue;
      report.error(item.position(), "no listener is named " + quote(item.text()), list,
                   report.full() ? std::string() : nearest(item.text(), names));
    }
  }
}

// Whoever asks for a reload must not reach the clients' listener.
void check_control(const Configuration& configuration, Report& report) {
  const auto normal = [](const std::string& path) {
    return std::filesystem::path(path).lexically_normal();
  };
  const ControlSocket& control = configuration.control;
  if (control.kind != ControlSocket::Kind::kPath) return;
  for (const Listener& listener : configuration.listeners) {
    if (listener.unix_path.empty() || listener.is_abstract()) continue;
    if (normal(listener.unix_path) != normal(control.path)) continue;
    report.error(control.position, "the listener " + quote(listener.name) + " has this Unix socket",
                 "it is at " + listener.address_position.text());
  }
}

// Where single values stand: those of the top level and of the sections that hold nothing else.
void note_places(const Node& node, const std::string& section, Configuration& configuration) {
  if (!node.is_map()) return;
  for (std::size_t i = 0; i < node.size(); ++i) {
    const std::string key = section + std::string(node.key(i).text());
    configuration.places.emplace(key, node.value(i).position());
    if (key == "timeouts" || key == "limits" || key == "log") {
      note_places(node.value(i), key + ".", configuration);
    }
  }
}

void warn_unused(const Configuration& configuration, Report& report) {
  for (const Plugin& plugin : configuration.plugins) {
    if (plugin.used) continue;
    report.warning(plugin.position, "no route uses the plugin " + quote(plugin.alias),
                   "it is loaded all the same; leave it out if that is not meant");
  }
}

}  // namespace

const Plugin* Configuration::find_plugin(std::string_view alias) const noexcept {
  const auto found = std::find_if(plugins.begin(), plugins.end(),
                                  [alias](const Plugin& plugin) { return plugin.alias == alias; });
  return found == plugins.end() ? nullptr : &*found;
}

std::span<const Key> top_level_keys() noexcept { return kKeys; }

Configuration read_configuration(const Node& root, std::string_view file, Report& report) {
  const Section section(root, "the configuration", kKeys, report, true);
  Configuration result;
  result.file = file;
  result.folder = folder_of(file);
  note_places(root, "", result);
  if (const Node* const node = section.get("listen")) {
    result.listeners = read_listeners(*node, report);
  }
  if (const Node* const node = section.get("timeouts")) {
    result.timeouts = read_timeouts(*node, report);
  }
  if (const Node* const node = section.get("limits")) result.limits = read_limits(*node, report);
  if (const Node* const node = section.get("log")) {
    result.log = read_log(*node, report);
  }

  if (const Node* const node = section.get("control")) {
    result.control = read_control(*node, report);
    check_control(result, report);
  }
  apply(top_level_settings(), section, result, report);
  if (const Node* const node = section.get("watch")) {
    result.watch = report.take(node->as_bool()).value_or(false);
  }
  if (const Node* const node = section.get("on_crash")) {
    result.on_crash = static_cast<OnCrash>(choose(*node, kOnCrash, report).value_or(0));
  }
  if (const Node* const node = section.get("quarantine")) {
    result.quarantine = read_quarantine(*node, report);
  }
  if (const Node* const node = section.get("standby")) {
    result.standby = report.take(node->as_bool()).value_or(false);
  }
  if (const Node* const node = section.get("recycle")) {
    result.recycle = read_recycle(*node, report);
  }
  if (const Node* const node = section.get("user")) result.user = read_user(*node, report);

  Plugin plugin_defaults;
  plugin_defaults.drain = result.timeouts.drain;
  if (const Node* const node = section.get("plugin_permissions")) {
    plugin_defaults.permissions = read_permissions(*node, report);
  }
  if (const Node* const node = section.get("plugins")) {
    result.plugins = read_plugins(*node, plugin_defaults, report);
  }

  const Node* const routes = section.get("routes");
  if (routes != nullptr) {
    Route defaults;
    defaults.timeout = result.timeouts.handler;
    defaults.max_body = result.limits.body;
    result.routes = read_routes(*routes, defaults, report);
    check_handlers(result, report);
    check_listeners(result, *routes, report);
  }
  if (result.routes.empty() && section.get("listen") != nullptr) {
    report.warning(routes == nullptr ? base::SourcePosition{result.file, 0, 0} : routes->position(),
                   "there are no routes: every request gets 404");
  }
  warn_unused(result, report);
  return result;
}

}  // namespace berth::config
