// What changed between the routes of two configurations, for people.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "app/reload_report.h"
#include "config/configuration.h"

namespace berth::app {

// Routes are told apart by pattern and listeners; in the order of `next`, those that are gone
// behind them. reloaded: aliases that another image serves than before.
[[nodiscard]] std::vector<RouteChange> route_changes(const config::Configuration& before,
                                                     const config::Configuration& next,
                                                     const std::set<std::string>& reloaded);

}  // namespace berth::app
