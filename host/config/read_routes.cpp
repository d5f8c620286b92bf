#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "config/load.h"
#include "config/printable.h"
#include "config/schema.h"
#include "config/settings.h"

namespace berth::config {

namespace {

constexpr std::size_t kLongestName = 64;

constexpr std::array<Key, 3> kPluginKeys{{
    {"file", Key::Status::kRequired, "write file: hello.so"},
    {"config"},
    {"plugin_permissions"},
}};

constexpr std::array<Key, 7> kRouteKeys{{
    {"pattern", Key::Status::kRequired, "write pattern: \"GET /hello/{name}\""},
    {"handler", Key::Status::kRequired, "write handler: plugin.kind"},
    {"timeout"},
    {"max_body"},
    {"listeners"},
    {"config"},
    {"with", Key::Status::kLater, "leave it out: there is no middleware yet"},
}};

constexpr std::array<std::string_view, 2> kPermissions{"default", "strict"};

Node read_config(const Section& section, Report& report) {
  const Node* const node = section.get("config");
  if (node == nullptr) return Node();
  if (node->is_map() || node->is_null()) return *node;
  report.error(node->position(),
               "`config` has to be a map, this is " + std::string(node->kind_name()),
               "write config: { key: value }");
  return Node();
}

// "plugin.kind" or "plugin" -> plugin and kind.
void read_handler(const Section& section, Route& route, Report& report) {
  const auto text = section.string("handler", report);
  if (!text) return;
  route.handler_position = section.get("handler")->position();
  const std::size_t dot = text->find('.');
  const std::string plugin = text->substr(0, dot);
  const std::string kind = dot == std::string::npos ? std::string() : text->substr(dot + 1);
  if (!is_name(plugin) || (dot != std::string::npos && !is_name(kind))) {
    report.error(route.handler_position, quote(*text) + " is not a handler",
                 "write plugin.kind, or plugin where it has one kind; " + std::string(kNameHelp));
    return;
  }
  route.plugin = plugin;
  route.kind = kind;
}

void read_route_listeners(const Section& section, Route& route, Report& report) {
  const Node* const node = section.get("listeners");
  if (node == nullptr) return;
  std::set<std::string_view> seen;
  for_each_item(*node, "`listeners`", report, [&route, &report, &seen](const Node& item) {
    const auto name = report.take(item.as_string());
    if (!name) return;
    if (!seen.insert(*name).second) {
      report.error(item.position(), "the listener " + quote(*name) + " stands twice");
      return;
    }
    route.listeners.emplace_back(*name);
  });
  if (node->is_list() && node->size() == 0) {
    report.error(node->position(), "`listeners` names no listener",
                 "leave it out to serve the route on all of them");
  }
}

Route read_route(const Node& node, const Route& defaults, Report& report) {
  const Section section(node, "a route", kRouteKeys, report);
  Route route = defaults;
  route.position = node.position();
  route.pattern_position = node.position();
  route.handler_position = node.position();
  if (auto pattern = section.string("pattern", report)) {
    route.pattern = std::move(*pattern);
    route.pattern_position = section.get("pattern")->position();
  }
  read_handler(section, route, report);
  apply(route_settings(), section, route, report);
  read_route_listeners(section, route, report);
  route.config = read_config(section, report);
  return route;
}

}  // namespace

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kLongestName &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

PluginPermissions read_permissions(const Node& node, Report& report) {
  return choose(node, kPermissions, report).value_or(0) == 1 ? PluginPermissions::kStrict
                                                             : PluginPermissions::kDefault;
}

std::vector<Plugin> read_plugins(const Node& node, PluginPermissions inherited,
                                 std::string_view folder, Report& report) {
  std::vector<Plugin> plugins;
  if (node.is_null()) return plugins;
  if (!node.is_map()) {
    report.error(node.position(),
                 "`plugins` has to be a map, this is " + std::string(node.kind_name()),
                 "write hello: { file: hello.so }");
    return plugins;
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    Plugin plugin;
    plugin.alias = node.key(i).text();
    plugin.position = node.key(i).position();
    if (!is_name(plugin.alias)) {
      report.error(plugin.position, quote(plugin.alias) + " is not a name", std::string(kNameHelp));
    }
    const Section section(node.value(i), "a plugin", kPluginKeys, report);
    plugin.file_position = node.value(i).position();
    if (const auto file = section.string("file", report)) {
      plugin.file = resolve_path(folder, *file);
      plugin.file_position = section.get("file")->position();
    }
    plugin.config = read_config(section, report);
    const Node* const permissions = section.get("plugin_permissions");
    plugin.permissions =
        permissions == nullptr ? inherited : read_permissions(*permissions, report);
    plugins.push_back(std::move(plugin));
  }
  return plugins;
}

std::vector<Route> read_routes(const Node& node, const Route& defaults, Report& report) {
  std::vector<Route> routes;
  if (node.is_null()) return routes;
  for_each_item(node, "`routes`", report, [&routes, &defaults, &report](const Node& item) {
    routes.push_back(read_route(item, defaults, report));
  });
  return routes;
}

}  // namespace berth::config
