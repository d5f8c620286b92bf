#include "app/route_changes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace berth::app {

namespace {

using Key = std::pair<std::string, std::vector<std::string>>;

Key key_of(const config::Route& route) {
  Key key(route.pattern, route.listeners);
  std::sort(key.second.begin(), key.second.end());
  return key;
}

std::map<Key, const config::Route*> by_key(const config::Configuration& configuration) {
  std::map<Key, const config::Route*> result;
  for (const config::Route& route : configuration.routes) result.emplace(key_of(route), &route);
  return result;
}

bool same_use(const config::HandlerUse& one, const config::HandlerUse& other) {
  return one.plugin == other.plugin && one.kind == other.kind &&
         config::same_contents(one.config, other.config);
}

bool same_fallback(const std::optional<config::Fallback>& one,
                   const std::optional<config::Fallback>& other) {
  return one && other ? same_use(*one, *other) : !one && !other;
}

// Whether a request of the route may come to code of the plugin.
bool names(const config::Route& route, const std::string& alias) {
  return route.plugin == alias || (route.fallback && route.fallback->plugin == alias) ||
         std::any_of(route.with.begin(), route.with.end(),
                     [&alias](const config::Middleware& entry) { return entry.plugin == alias; });
}

std::vector<std::string> differences(const config::Route& before, const config::Route& next,
                                     const std::set<std::string>& reloaded) {
  std::vector<std::string> what;
  if (before.plugin != next.plugin || before.kind != next.kind) what.emplace_back("handler");
  if (!config::same_contents(before.config, next.config)) what.emplace_back("config");
  if (!std::equal(before.with.begin(), before.with.end(), next.with.begin(), next.with.end(),
                  same_use)) {
    what.emplace_back("with");
  }
  if (!same_fallback(before.fallback, next.fallback)) what.emplace_back("fallback");
  if (before.timeout != next.timeout) what.emplace_back("timeout");
  if (before.max_body != next.max_body) what.emplace_back("max_body");
  if (before.ignores_half_close != next.ignores_half_close) what.emplace_back("half_close");
  if (before.access_log != next.access_log) what.emplace_back("access_log");
  if (before.learning != next.learning) what.emplace_back("learning");
  const bool reloads = std::any_of(reloaded.begin(), reloaded.end(),
                                   [&next](const auto& alias) { return names(next, alias); });
  if (reloads) what.emplace_back("plugin");
  return what;
}

}  // namespace

std::vector<RouteChange> route_changes(const config::Configuration& before,
                                       const config::Configuration& next,
                                       const std::set<std::string>& reloaded) {
  std::vector<RouteChange> changes;
  auto old_routes = by_key(before);
  for (const config::Route& route : next.routes) {
    const auto old = old_routes.find(key_of(route));
    if (old == old_routes.end()) {
      changes.push_back({RouteChange::Kind::kAdded, route.pattern, {}});
      continue;
    }
    auto what = differences(*old->second, route, reloaded);
    if (!what.empty()) {
      changes.push_back({RouteChange::Kind::kChanged, route.pattern, std::move(what)});
    }
    old_routes.erase(old);
  }
  for (const config::Route& route : before.routes) {
    if (old_routes.contains(key_of(route))) {
      changes.push_back({RouteChange::Kind::kRemoved, route.pattern, {}});
    }
  }
  return changes;
}

}  // namespace berth::app
