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

constexpr std::array<Key, 7> kPluginKeys{{
    {"file", Key::Status::kRequired, "write file: hello.so"},
    {"config"},
    {"plugin_permissions"},
    {"probe"},
    {"drain"},
    {"threads"},
    {"on_failure"},
}};

constexpr std::array<Key, 11> kRouteKeys{{
    {"pattern", Key::Status::kRequired, "write pattern: \"GET /hello/{name}\""},
    {"handler", Key::Status::kRequired, "write handler: plugin.kind"},
    {"timeout"},
    {"max_body"},
    {"listeners"},
    {"config"},
    {"with"},
    {"fallback"},
    {"half_close"},
    {"access_log"},
    {"learning"},
}};

constexpr std::array<Key, 2> kHandlerUseKeys{{
    {"handler", Key::Status::kRequired, "write handler: plugin.kind"},
    {"config"},
}};

constexpr std::array<std::string_view, 2> kPermissions{"default", "strict"};
constexpr std::array<std::string_view, 2> kProbe{"off", "on"};
// In the order of OnFailure.
constexpr std::array<std::string_view, 3> kOnFailure{"refuse", "503", "last-good"};
constexpr std::array<std::string_view, 2> kHalfClose{"cancel", "ignore"};

Node read_config(const Section& section, Report& report) {
  const Node* const node = section.get("config");
  if (node == nullptr) return Node();
  if (node->is_map() || node->is_null()) return *node;
  report.error(node->position(),
               "`config` has to be a map, this is " + std::string(node->kind_name()),
               "write config: { key: value }");
  return Node();
}

// "plugin.kind" or "plugin" -> plugin and kind, of a Route or HandlerUse. `what` is it in messages.
template <class Target>
void read_handler(std::string_view text, base::SourcePosition position, std::string_view what,
                  Target& target, Report& report) {
  target.handler_position = std::move(position);
  const std::size_t dot = text.find('.');
  const std::string_view plugin = text.substr(0, dot);
  const bool has_kind = dot != std::string_view::npos;
  const std::string_view kind = has_kind ? text.substr(dot + 1) : std::string_view();
  if (!is_name(plugin) || (has_kind && !is_name(kind))) {
    return report.error(
        target.handler_position, quote(text) + " is not " + std::string(what),
        "write plugin.kind, or plugin where it has one kind; " + std::string(kNameHelp));
  }
  target.plugin = plugin;
  target.kind = kind;
}

// plugin.kind, or a map with a config of its own.
HandlerUse read_handler_use(const Node& node, std::string_view what, Report& report) {
  HandlerUse result;
  result.position = node.position();
  result.handler_position = node.position();
  if (node.is_scalar()) {
    read_handler(node.text(), node.position(), what, result, report);
    return result;
  }
  const Section section(node, what, kHandlerUseKeys, report);
  if (const auto text = section.string("handler", report)) {
    read_handler(*text, section.get("handler")->position(), what, result, report);
  }
  result.config = read_config(section, report);
  return result;
}

// It has to be there when the route's plugin is not.
void check_fallback(const Route& route, Report& report) {
  const Fallback& fallback = *route.fallback;
  if (route.plugin.empty() || fallback.plugin.empty()) return;  // reported already
  if (fallback.plugin == route.plugin) {
    return report.error(
        fallback.handler_position,
        "the fallback is of the plugin " + quote(route.plugin) + ", as the handler is",
        "it would be out of service with it: name a handler of another plugin");
  }
  for (const Middleware& middleware : route.with) {
    if (middleware.plugin != route.plugin) continue;
    return report.error(fallback.handler_position,
                        "the fallback would never answer: it stands behind the middleware at " +
                            middleware.handler_position.text() + ", which is of the plugin " +
                            quote(route.plugin) + ", as the handler is",
                        "middleware of a plugin that is out of service closes the route");
  }
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

Plugin read_plugin(const Node& alias, const Node& node, const Plugin& defaults, Report& report) {
  Plugin plugin = defaults;
  plugin.alias = alias.text();
  plugin.position = alias.position();
  if (!is_name(plugin.alias)) {
    report.error(plugin.position, quote(plugin.alias) + " is not a name", std::string(kNameHelp));
  }
  const Section section(node, "a plugin", kPluginKeys, report);
  plugin.file_position = node.position();
  if (const auto file = section.string("file", report)) {
    plugin.file_position = section.get("file")->position();
    plugin.file = resolve_path(folder_of(plugin.file_position.file), *file);
  }
  plugin.config = read_config(section, report);
  if (const Node* const permissions = section.get("plugin_permissions")) {
    plugin.permissions = read_permissions(*permissions, report);
  }
  if (const Node* const probe = section.get("probe")) {
    plugin.probe = choose(*probe, kProbe, report).value_or(1) == 1;
  }
  apply(plugin_settings(), section, plugin, report);
  if (const Node* const on_failure = section.get("on_failure")) {
    plugin.on_failure = static_cast<OnFailure>(choose(*on_failure, kOnFailure, report).value_or(0));
  }
  return plugin;
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
  if (const auto text = section.string("handler", report)) {
    read_handler(*text, section.get("handler")->position(), "a handler", route, report);
  }
  if (const Node* const with = section.get("with")) {
    for_each_item(*with, "`with`", report, [&route, &report](const Node& item) {
      route.with.push_back(read_handler_use(item, "a middleware", report));
    });
  }
  if (const Node* const fallback = section.get("fallback")) {
    route.fallback = read_handler_use(*fallback, "a fallback", report);
    check_fallback(route, report);
  }
  apply(route_settings(), section, route, report);
  read_route_listeners(section, route, report);
  if (const Node* const half_close = section.get("half_close")) {
    route.ignores_half_close = choose(*half_close, kHalfClose, report).value_or(0) == 1;
  }
  if (const Node* const access_log = section.get("access_log")) {
    route.access_log = report.take(access_log->as_bool()).value_or(true);
  }
  if (const Node* const learning = section.get("learning")) {
    route.learning = report.take(learning->as_bool()).value_or(true);
  }
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

std::vector<Plugin> read_plugins(const Node& node, const Plugin& defaults, Report& report) {
  std::vector<Plugin> plugins;
  if (node.is_null()) return plugins;
  if (!node.is_map()) {
    report.error(node.position(),
                 "`plugins` has to be a map, this is " + std::string(node.kind_name()),
                 "write hello: { file: hello.so }");
    return plugins;
  }
  for (std::size_t i = 0; i < node.size(); ++i) {
    plugins.push_back(read_plugin(node.key(i), node.value(i), defaults, report));
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
