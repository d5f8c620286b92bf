#include "cli/routes_verb.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iostream>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "app/process.h"
#include "app/route_table.h"
#include "config/load.h"
#include "config/printable.h"
#include "http/target.h"
#include "http/token.h"
#include "mux/explain.h"

namespace berth::cli {

namespace {

struct LoadedTable {
  config::Configuration configuration;
  mux::Table table;
};

std::optional<LoadedTable> load(const std::string& file) {
  config::Loaded loaded = config::load_file(file, config::Environment::of_process());
  const auto& read = loaded.configuration ? loaded.configuration : loaded.remainder;
  std::optional<mux::Table> table;
  if (read) table = app::build_route_table(*read, loaded.diagnostics);
  std::cerr << loaded.diagnostics.render(app::colour_of_stderr());
  if (!table || !loaded.configuration) return std::nullopt;
  return LoadedTable{std::move(*loaded.configuration), std::move(*table)};
}

// With its middleware, outermost first, and its fallback: "gate.basic > shop.cart, else
// sorry.page".
std::string handler_of(const config::Route& route) {
  std::string text;
  for (const config::Middleware& entry : route.with) text += entry.text() + " > ";
  text += route.plugin + (route.kind.empty() ? "" : "." + route.kind);
  if (route.fallback) text += ", else " + route.fallback->text();
  return text;
}

// Columns as wide as their widest cell, two blanks between them.
template <std::size_t Columns>
void print(const std::vector<std::array<std::string, Columns>>& rows) {
  std::array<std::size_t, Columns> widths{};
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < Columns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < Columns; ++i) {
      line += row[i];
      if (i + 1 < Columns) line.append(widths[i] - row[i].size() + 2, ' ');
    }
    std::cout << config::printable(line) << '\n';
  }
}

int wrong_usage(const std::string& text) {
  std::cerr << "berth: error: " << text << '\n';
  return 2;
}

}  // namespace

int show_routes(const std::string& file) {
  const auto loaded = load(file);
  if (!loaded) return 1;
  const config::Configuration& configuration = loaded->configuration;
  std::vector<std::array<std::string, 4>> rows{{"PATTERN", "HANDLER", "PLUGIN", "POSITION"}};
  for (const config::Route& route : configuration.routes) {
    const config::Plugin* const plugin = configuration.find_plugin(route.plugin);
    rows.push_back({route.pattern, handler_of(route), plugin == nullptr ? "" : plugin->file,
                    route.position.text()});
  }
  print(rows);
  return 0;
}

int explain_route(const std::string& file, const std::string& request,
                  const std::string& listener) {
  const auto loaded = load(file);
  if (!loaded) return 1;
  const config::Configuration& configuration = loaded->configuration;

  std::string_view method = "GET";
  std::string_view target = request;
  if (const std::size_t blank = target.find(' '); blank != std::string_view::npos) {
    method = target.substr(0, blank);
    target.remove_prefix(blank + 1);
  }
  const auto parsed = http::parse_target(method, target);
  if (!http::is_token(method) || !parsed) {
    return wrong_usage(config::quote(request) +
                       " is no request; write it as \"GET /path\" or \"GET http://host/path\"");
  }
  if (parsed->form == http::Target::Form::kAsterisk) {
    std::cout << "answered by the server: * names no path, so no route is asked\n";
    return 0;
  }
  const auto has_name = [&](const config::Listener& entry) { return entry.name == listener; };
  const auto& listeners = configuration.listeners;
  if (!listener.empty() && std::none_of(listeners.begin(), listeners.end(), has_name)) {
    return wrong_usage("there is no listener " + config::quote(listener));
  }
  const std::uint32_t number = listener.empty() ? 0 : app::listener_number(configuration, listener);

  const mux::Explanation explanation =
      mux::explain(loaded->table, method, parsed->authority, parsed->path, parsed->query, number);
  std::cout << explanation.summary << '\n';
  std::vector<std::array<std::string, 4>> rows;
  for (const mux::Candidate& candidate : explanation.candidates) {
    const mux::Route& entry = loaded->table.routes()[candidate.entry];
    const config::Route& route = configuration.routes[entry.route_index];
    rows.push_back(
        {"  " + entry.pattern.text(), handler_of(route), entry.position.text(), candidate.reason});
  }
  print(rows);
  return explanation.outcome == mux::Outcome::kMatched ? 0 : 1;
}

}  // namespace berth::cli
