// Makes route tables for tests from pattern texts. Fails the process on a bad pattern or a
// conflict: those have tests of their own.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mux/table.h"

namespace berth::mux::testing {

// The line in the position and the route_index are the place in the list, counted from 1.
inline Route make_route(std::string_view text, std::uint32_t place,
                        std::vector<std::uint32_t> listeners = {}) {
  auto pattern = Pattern::parse(text);
  if (!pattern.ok()) {
    std::fprintf(stderr, "%s: %s\n", std::string(text).c_str(), pattern.error().text.c_str());
    std::abort();
  }
  return {std::move(*pattern), {"routes.yaml", place, 5}, place, std::move(listeners)};
}

inline Table make_table(std::vector<Route> routes, std::uint32_t listener_count = 1) {
  auto table = Table::build(std::move(routes), listener_count, 42);
  if (!table.ok()) {
    for (const Conflict& conflict : table.error().found) {
      std::fprintf(stderr, "%s\n", message(conflict).c_str());
    }
    std::abort();
  }
  return std::move(*table);
}

inline Table table_of(const std::vector<std::string_view>& patterns) {
  std::vector<Route> routes;
  for (const std::string_view text : patterns) {
    routes.push_back(make_route(text, static_cast<std::uint32_t>(routes.size() + 1)));
  }
  return make_table(std::move(routes));
}

// What find says, in one line:
//   "PATTERN name=value ..." | "301 LOCATION" | "405 METHODS" | "404" | "400"
inline std::string outcome_of(const Table& table, std::string_view method, std::string_view host,
                              std::string_view raw_path, std::uint32_t listener = 0,
                              std::string_view raw_query = {}) {
  Match match;
  table.find(method, host, raw_path, listener, match);
  switch (match.outcome) {
    case Outcome::kMatched: {
      std::string out = table.routes()[match.entry].pattern.text();
      const auto names = table.value_names(match.entry);
      for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string_view raw = match.values()[i].in(raw_path);
        std::string buffer(raw.size(), '\0');
        out += ' ' + std::string(names[i]) + '=' + std::string(decoded(raw, buffer));
      }
      return out;
    }
    case Outcome::kRedirect:
      return std::to_string(redirect_status(method)) + ' ' +
             redirect_location(match, raw_path, raw_query);
    case Outcome::kMethodNotAllowed:
      return "405 " + table.allowed_methods(host, raw_path, listener);
    case Outcome::kNotFound:
      return "404";
    case Outcome::kBadRequest:
      return "400";
  }
  return {};
}

}  // namespace berth::mux::testing
