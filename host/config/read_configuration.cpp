#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "config/load.h"
#include "config/printable.h"
#include "config/schema.h"
#include "config/settings.h"
#include "config/suggest.h"

namespace berth::config {

namespace {

constexpr std::array<Key, 9> kKeys{{
    {"listen", Key::Status::kRequired, "write listen: [{ name: public, address: \":8080\" }]"},
    {"plugins"},
    {"plugin_permissions"},
    {"routes"},
    {"timeouts"},
    {"limits"},
    {"log"},
    {"control", Key::Status::kLater, "leave it out: there is no control socket yet"},
    {"include", Key::Status::kLater, "write everything into one file"},
}};

// More names than this are not listed in a help line.
constexpr std::size_t kListedNames = 10;

using Names = std::vector<std::string_view>;

void check_handlers(Configuration& configuration, Report& report) {
  Names aliases;
  std::map<std::string_view, Plugin*> plugins;
  for (Plugin& plugin : configuration.plugins) {
    aliases.push_back(plugin.alias);
    plugins.emplace(plugin.alias, &plugin);
  }
  for (const Route& route : configuration.routes) {
    if (route.plugin.empty()) continue;  // reported already
    const auto found = plugins.find(route.plugin);
    if (found != plugins.end()) {
      found->second->used = true;
      continue;
    }
    std::string suggestion = report.full() ? std::string() : nearest(route.plugin, aliases);
    if (!suggestion.empty() && !route.kind.empty()) suggestion += "." + route.kind;
    report.error(route.handler_position, "no plugin is named " + quote(route.plugin),
                 "name it under `plugins`: " + route.plugin + ": { file: " + route.plugin + ".so }",
                 suggestion);
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
  for (std::size_t i = 0; i < routes.size(); ++i) {
    const Node* const listeners = routes.value(i).find("listeners");
    if (listeners == nullptr || !listeners->is_list()) continue;
    for (std::size_t j = 0; j < listeners->size(); ++j) {
      const Node& item = listeners->value(j);
      if (!item.is_scalar() || known.contains(item.text())) continue;
      report.error(item.position(), "no listener is named " + quote(item.text()), list,
                   report.full() ? std::string() : nearest(item.text(), names));
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

Configuration read_configuration(const Node& root, std::string_view file, Report& report) {
  const Section section(root, "the configuration", kKeys, report, true);
  Configuration result;
  result.file = file;
  result.folder = folder_of(file);
  if (const Node* const node = section.get("listen")) {
    result.listeners = read_listeners(*node, report);
  }
  if (const Node* const node = section.get("timeouts")) {
    result.timeouts = read_timeouts(*node, report);
  }
  if (const Node* const node = section.get("limits")) result.limits = read_limits(*node, report);
  if (const Node* const node = section.get("log")) {
    result.log = read_log(*node, result.folder, report);
  }

  auto permissions = PluginPermissions::kDefault;
  if (const Node* const node = section.get("plugin_permissions")) {
    permissions = read_permissions(*node, report);
  }
  if (const Node* const node = section.get("plugins")) {
    result.plugins = read_plugins(*node, permissions, result.folder, report);
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
