#include "app/route_table.h"

#include <sys/random.h>

#include <algorithm>
#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::app {

namespace {

// What a client cannot know, against chosen collisions (faults.md 21). Zero where the kernel has
// none yet: at boot.
std::uint64_t seed() noexcept {
  std::uint64_t value = 0;
  if (::getrandom(&value, sizeof value, GRND_NONBLOCK) != ssize_t{sizeof value}) value = 0;
  return value;
}

// Where byte `offset` of a scalar stands: behind its quote, if it has one.
base::SourcePosition inside(const base::SourcePosition& value, std::size_t offset,
                            std::string_view source) {
  base::SourcePosition position = value;
  std::size_t line_start = 0;
  for (std::uint32_t line = 1; line < value.line && line_start != std::string_view::npos; ++line) {
    line_start = source.find('\n', line_start);
    if (line_start != std::string_view::npos) ++line_start;
  }
  if (line_start == std::string_view::npos || value.column == 0) return position;
  const std::size_t at = line_start + value.column - 1;
  const bool quoted = at < source.size() && (source[at] == '"' || source[at] == '\'');
  position.column += static_cast<std::uint32_t>(offset + (quoted ? 1 : 0));
  return position;
}

bool knows_listeners(const config::Configuration& configuration, const config::Route& route) {
  return std::all_of(
      route.listeners.begin(), route.listeners.end(), [&](const std::string& wanted) {
        return std::any_of(configuration.listeners.begin(), configuration.listeners.end(),
                           [&](const config::Listener& entry) { return entry.name == wanted; });
      });
}

}  // namespace

std::uint32_t listener_number(const config::Configuration& configuration,
                              std::string_view name) noexcept {
  std::uint32_t number = 0;
  while (number < configuration.listeners.size() && configuration.listeners[number].name != name) {
    ++number;
  }
  assert(number < configuration.listeners.size());
  return number;
}

std::optional<mux::Table> build_route_table(const config::Configuration& configuration,
                                            config::Diagnostics& diagnostics) {
  std::vector<mux::Route> routes;
  bool whole = true;
  for (std::uint32_t index = 0; index < configuration.routes.size(); ++index) {
    const config::Route& route = configuration.routes[index];
    if (route.pattern.empty() || !knows_listeners(configuration, route)) {
      whole = false;  // of a config::Loaded::remainder: said already
      continue;
    }
    auto pattern = mux::Pattern::parse(route.pattern);
    if (!pattern) {
      whole = false;
      diagnostics.error(
          inside(route.pattern_position, pattern.error().offset, diagnostics.source()),
          "pattern: " + pattern.error().text,
          "a pattern is [METHOD ][HOST]/[PATH], such as \"GET /hello/{name}\"");
      continue;
    }
    mux::Route entry{std::move(*pattern), route.pattern_position, index, {}};
    for (const std::string& name : route.listeners) {
      entry.listeners.push_back(listener_number(configuration, name));
    }
    routes.push_back(std::move(entry));
  }
  const auto listeners = static_cast<std::uint32_t>(configuration.listeners.size());
  auto table = mux::Table::build(std::move(routes), listeners, seed());
  if (!table) {
    for (const mux::Conflict& conflict : table.error().found) {
      diagnostics.error(
          conflict.second_position,
          (conflict.duplicate ? "duplicate route: " : "conflicting routes: ") + conflict.text,
          "the other one stands at " + conflict.first_position.text());
    }
    if (table.error().more) {
      diagnostics.error({.file = configuration.file}, "there may be more conflicting routes");
    }
    return std::nullopt;
  }
  if (!whole) return std::nullopt;
  return std::move(table).value();
}

}  // namespace berth::app
