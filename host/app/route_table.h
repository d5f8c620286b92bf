// From the routes of a configuration to the mux's table; everything wrong with them becomes
// diagnostics.
#pragma once

#include <cstdint>
#include <optional>

#include "config/configuration.h"
#include "config/diagnostic.h"
#include "mux/table.h"

namespace berth::app {

// route_index of a route is its place in configuration.routes, a listener's number its place in
// configuration.listeners. Nothing: patterns that do not parse, duplicates, conflicts; all of them
// are in `diagnostics`, at their places.
[[nodiscard]] std::optional<mux::Table> build_route_table(
    const config::Configuration& configuration, config::Diagnostics& diagnostics);

// The number of a listener. REQUIRES: it exists.
[[nodiscard]] std::uint32_t listener_number(const config::Configuration& configuration,
                                            std::string_view name) noexcept;

}  // namespace berth::app
