// What the control socket answers, as JSON and back: the one place that knows the public format,
// docs/control-api.md. It knows neither HTTP nor what the values mean.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/reload_report.h"
#include "base/result.h"

namespace berth::app {

// One object in one line, without a line end: valid JSON (RFC 8259) in UTF-8 whatever bytes the
// texts hold (a byte that is no part of UTF-8 becomes U+FFFD). Every member is always there, in the
// order of the struct. Durations that plugins and reloads took are whole microseconds (`took_us`),
// ages whole milliseconds (`age_ms`, null where nobody knows).
[[nodiscard]] std::string to_json(const ReloadReport& report);
[[nodiscard]] std::string to_json(const ServerStatus& status);
// {"generations":[...]}
[[nodiscard]] std::string to_json(const std::vector<GenerationInfo>& generations);
// {"generation":N,"holds":[...]}
[[nodiscard]] std::string to_json(std::uint64_t generation, const std::vector<Hold>& holds);
// {"alias":"...","pinned":true}
[[nodiscard]] std::string pin_json(std::string_view alias, bool pinned);
// {"upgraded":true,"host":"..."}
[[nodiscard]] std::string upgrade_json(std::string_view host);
// {"stopping":true}
[[nodiscard]] std::string stop_json();
// {"error":"..."}
[[nodiscard]] std::string error_json(std::string_view text);

// The reverse. Members that are not known are passed over, those that are missing leave the
// default, so that server and client may differ by a version. kCorrupt: no JSON, a member of
// another type, or a word that this version does not know; the text names it.
[[nodiscard]] base::Result<ReloadReport> read_report(const std::string& json);
[[nodiscard]] base::Result<ServerStatus> read_status(const std::string& json);
[[nodiscard]] base::Result<std::vector<GenerationInfo>> read_generations(const std::string& json);
[[nodiscard]] base::Result<std::vector<Hold>> read_holds(const std::string& json);
// The host of {"upgraded":true,"host":"..."}.
[[nodiscard]] base::Result<std::string> read_upgrade(const std::string& json);
// The text of {"error":"..."}.
[[nodiscard]] base::Result<std::string> read_error(const std::string& json);

}  // namespace berth::app
