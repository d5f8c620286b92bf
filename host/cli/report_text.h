// What the verbs that talk to a running server print, as text: tables from the values of
// app/reload_report.h. It prints nothing itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/reload_report.h"
#include "config/diagnostic.h"

namespace berth::cli {

using Colour = config::Diagnostics::Colour;

// "generation 7 serves (was 6), 38 ms", then a line for each plugin that was not merely kept, one
// for those that were, and one for each route that changed. For a report that is done.
[[nodiscard]] std::string report_text(const app::ReloadReport& report, Colour colour);
// What goes to stderr: the diagnostics, where there are none the plugins that failed, and the
// error. Of a report that is done the warnings alone.
[[nodiscard]] std::string refusal_text(const app::ReloadReport& report);

// `now`: seconds since the epoch.
[[nodiscard]] std::string status_text(const app::ServerStatus& status, std::int64_t now,
                                      Colour colour);
[[nodiscard]] std::string generations_text(const std::vector<app::GenerationInfo>& generations);
[[nodiscard]] std::string holds_text(std::uint64_t generation, const std::vector<app::Hold>& holds);

}  // namespace berth::cli
