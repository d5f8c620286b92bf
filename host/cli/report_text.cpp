#include "cli/report_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <utility>

#include "app/stored_generation.h"
#include "cli/columns.h"
#include "config/printable.h"

namespace berth::cli {

namespace {

using app::GenerationInfo;
using app::PluginOutcome;
using app::PluginReport;
using app::ReloadReport;
using app::RouteChange;

constexpr std::size_t kShownBuildId = 8;
constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kMagenta = "\x1b[1;35m";
constexpr std::string_view kGreen = "\x1b[1;32m";
constexpr std::string_view kReset = "\x1b[0m";

std::string painted(std::string text, std::string_view paint, Colour colour) {
  if (colour == Colour::kNever || paint.empty()) return text;
  return std::string(paint) + text + std::string(kReset);
}

// Paints what each line of a table begins with, behind its indent.
std::string paint_first(const std::string& table, const std::vector<std::string_view>& paints,
                        Colour colour) {
  if (colour == Colour::kNever) return table;
  std::string text;
  std::size_t at = 0;
  for (const std::string_view paint : paints) {
    const std::size_t end = table.find('\n', at) + 1;
    const std::size_t word = table.find_first_not_of(' ', at);
    const std::size_t word_end = std::min(table.find_first_of(" \n", word), end);
    text += table.substr(at, word - at) +
            painted(table.substr(word, word_end - word), paint, colour) +
            table.substr(word_end, end - word_end);
    at = end;
  }
  return text + table.substr(at);
}

std::string milliseconds(base::Duration duration) {
  return std::to_string(std::chrono::round<std::chrono::milliseconds>(duration).count()) + " ms";
}

// "12s", "3m5s", "2h7m", "4d3h": two units at most.
std::string rough(std::chrono::seconds duration) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kUnits{
      {{"d", 86'400}, {"h", 3'600}, {"m", 60}, {"s", 1}}};
  std::int64_t left = std::max<std::int64_t>(duration.count(), 0);
  std::string text;
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    const auto [unit, size] = kUnits[i];
    const std::int64_t count = left / size;
    left %= size;
    if (count > 0) text.append(std::to_string(count)).append(unit);
    if (!text.empty() && (count == 0 || text.find_first_not_of("0123456789") != text.size() - 1)) {
      break;
    }
  }
  return text.empty() ? "0s" : text;
}

std::string age_text(const std::optional<base::Duration>& age) {
  if (!age) return "";
  if (*age < std::chrono::seconds(1)) return milliseconds(*age);
  return rough(std::chrono::duration_cast<std::chrono::seconds>(*age));
}

// "2026-01-02T03:04:05Z"
std::string time_text(std::int64_t seconds_since_epoch) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds_since_epoch)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> text{};
  const int size = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text.append(text.empty() ? "" : ", ").append(part);
  return text;
}

std::string short_id(const std::string& build_id) { return build_id.substr(0, kShownBuildId); }

// "build 3f2a91c0 (was 9be01d77)"
std::string build_text(const PluginReport& plugin) {
  std::string text = plugin.build_id.empty() ? "" : "build " + short_id(plugin.build_id);
  const std::string& previous = plugin.previous_build_id;
  if (!previous.empty() && previous != plugin.build_id) {
    text.append(text.empty() ? "" : " ").append("(was " + short_id(previous) + ")");
  }
  return text;
}

std::string_view paint_of(PluginOutcome outcome) {
  switch (outcome) {
    case PluginOutcome::kLoaded:
      return kGreen;
    case PluginOutcome::kKept:
    case PluginOutcome::kRemoved:
      return {};
    case PluginOutcome::kPinned:
    case PluginOutcome::kLastGood:
    case PluginOutcome::kClosed:
    case PluginOutcome::kQuarantined:
      return kMagenta;
    case PluginOutcome::kFailed:
      break;
  }
  return kRed;
}

std::string plugins_text(const ReloadReport& report, Colour colour) {
  std::vector<Row> rows;
  std::vector<std::string_view> paints;
  std::uint64_t kept = 0;
  for (const PluginReport& plugin : report.plugins) {
    if (plugin.outcome == PluginOutcome::kKept) {
      ++kept;
      continue;
    }
    const std::string version = plugin.version.empty() ? "" : " " + plugin.version;
    const bool timed = plugin.took > base::Duration::zero();
    rows.push_back({std::string(text_of(plugin.outcome)), plugin.alias + version,
                    build_text(plugin), timed ? milliseconds(plugin.took) : ""});
    paints.push_back(paint_of(plugin.outcome));
    if (!plugin.reason.empty()) rows.back().push_back(plugin.reason);
  }
  if (kept > 0) rows.push_back({"kept", counted(kept, "plugin")});
  std::string text = paint_first(columns(rows, 2), paints, colour);
  for (const PluginReport& plugin : report.plugins) {
    if (plugin.outcome == PluginOutcome::kKept || plugin.unload_blockers.empty()) continue;
    text += "  " +
            config::printable(plugin.alias + " may stay in memory when it is replaced: " +
                              joined(plugin.unload_blockers)) +
            "\n";
  }
  return text;
}

std::string routes_text(const ReloadReport& report, Colour colour) {
  std::string text;
  for (const RouteChange& route : report.routes) {
    std::string sign = painted("~", kMagenta, colour);
    if (route.kind == RouteChange::Kind::kAdded) sign = painted("+", kGreen, colour);
    if (route.kind == RouteChange::Kind::kRemoved) sign = painted("-", kRed, colour);
    const std::string what = route.what.empty() ? "" : " (" + joined(route.what) + ")";
    text += "  " + sign + " " + config::printable(route.pattern + what) + "\n";
  }
  return text;
}

// "reload" is what is expected, so it is not said.
std::string origin_text(const std::string& origin) {
  return origin.empty() || origin == "reload" ? "" : ", " + config::printable(origin);
}

// Lines of somebody else's making.
std::string printable_lines(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    result += config::printable(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

// "2 requests of GET /x", "1 thread (pool-3)"
std::string hold_text(const app::Hold& hold) {
  const bool of_route = hold.kind.ends_with("request") || hold.kind.ends_with("connection");
  std::string text = counted(hold.count, hold.kind == "thread_local" ? "thread_local object"
                                                                     : std::string_view(hold.kind));
  if (!hold.what.empty()) text += of_route ? " of " + hold.what : " (" + hold.what + ")";
  if (hold.age) text += " for " + age_text(hold.age);
  return text;
}

std::vector<std::string> hold_texts(const std::vector<app::Hold>& holds) {
  std::vector<std::string> texts;
  texts.reserve(holds.size());
  for (const app::Hold& hold : holds) texts.push_back(hold_text(hold));
  return texts;
}

// A kept image is named by its digest, which tells people nothing.
std::string file_text(const std::string& file) {
  const std::string name = std::filesystem::path(file).stem().string();
  return app::is_sha256(name) ? "as it was kept" : file;
}

// Rows of which the first alone has the name.
void add_rows(std::vector<Row>& rows, const std::string& name, const std::vector<Row>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    Row row{i == 0 ? name : ""};
    row.insert(row.end(), values[i].begin(), values[i].end());
    rows.push_back(std::move(row));
  }
}

std::string plugin_list(const std::vector<PluginReport>& plugins) {
  std::vector<std::string> texts;
  for (const PluginReport& plugin : plugins) {
    const std::string id = short_id(plugin.build_id);
    texts.push_back(plugin.alias + (id.empty() ? "" : " " + id));
  }
  return joined(texts);
}

// "hello: 2 calls, for 3m5s at most", one for each plugin.
std::vector<std::string> stuck_texts(const std::vector<app::StuckCall>& calls) {
  std::vector<std::string> texts;
  std::vector<std::string_view> named;
  for (const app::StuckCall& call : calls) {
    if (std::find(named.begin(), named.end(), call.plugin) != named.end()) continue;
    named.push_back(call.plugin);
    const auto count =
        std::count_if(calls.begin(), calls.end(),
                      [&call](const app::StuckCall& each) { return each.plugin == call.plugin; });
    texts.push_back((call.plugin.empty() ? "of no known plugin" : call.plugin) + ": " +
                    counted(static_cast<std::uint64_t>(count), "call") + ", for " +
                    age_text(call.age) + " at most");
  }
  return texts;
}

}  // namespace

std::string report_text(const ReloadReport& report, Colour colour) {
  const std::string number = std::to_string(report.generation);
  const std::string took = ", " + milliseconds(report.took) + "\n";
  std::string text;
  if (report.dry_run) {
    text = "generation " + number + " would serve (now " + std::to_string(report.previous) +
           origin_text(report.origin) + ")" + took;
  } else if (report.generation == report.previous) {
    text = "nothing has changed: generation " + number + " serves on" + took;
  } else {
    text = "generation " + number + " serves (was " + std::to_string(report.previous) +
           origin_text(report.origin) + ")" + took;
  }
  return text + plugins_text(report, colour) + routes_text(report, colour);
}

std::string refusal_text(const ReloadReport& report) {
  std::string text = printable_lines(report.diagnostics);
  if (report.done) return text;
  if (text.empty()) {
    for (const PluginReport& plugin : report.plugins) {
      if (plugin.outcome != PluginOutcome::kFailed) continue;
      text += config::printable(plugin.file + ": error: " + plugin.reason) + "\n";
    }
  }
  const bool rollback = report.origin.starts_with("rollback");
  text += std::string("berth: error: the ") + (rollback ? "rollback " : "reload ") +
          (report.dry_run ? "would be refused: " : "was refused: ") +
          config::printable(report.refused);
  // `generation` of one that is not done is the one that serves.
  return text + "; generation " + std::to_string(report.generation) + " serves on\n";
}

std::string status_text(const app::ServerStatus& status, std::int64_t now, Colour colour) {
  std::string text;
  const auto warn = [&text, colour](const std::string& what) {
    text += painted(config::printable(what), kRed, colour) + "\n";
  };
  if (status.stopping) warn("it is stopping");
  if (!status.last_good_because.empty()) {
    warn("it serves the last known good, for the files are refused: " + status.last_good_because);
  }
  if (!status.last_refused.empty()) warn("the last reload was refused: " + status.last_refused);

  std::vector<Row> rows;
  std::string supervisor =
      status.supervisor == 0 ? "" : ", supervisor " + std::to_string(status.supervisor);
  if (!status.standby.empty()) supervisor += ", a standby is " + config::printable(status.standby);
  rows.push_back({"server", "berth " + status.version + ", pid " + std::to_string(status.pid) +
                                supervisor + ", up " +
                                rough(std::chrono::seconds(now - status.started_at))});
  rows.push_back({"configuration", status.configuration});
  rows.push_back({"generation", std::to_string(status.generation.number) + " since " +
                                    time_text(status.generation.made_at) + " (" +
                                    status.generation.origin + ")"});
  for (const GenerationInfo& old : status.draining) {
    const std::string holds = joined(hold_texts(old.holds));
    const std::string number = std::to_string(old.number);
    rows.push_back(
        {"draining",
         number + ": " + (holds.empty() ? "see berth generations --why " + number : holds)});
  }
  std::vector<Row> listeners;
  for (const std::string& listener : status.listeners) listeners.push_back({listener});
  add_rows(rows, "listening", listeners);
  rows.push_back({"routes", std::to_string(status.routes)});
  std::vector<Row> fallbacks;
  for (const app::FallbackInfo& fallback : status.fallbacks) {
    fallbacks.push_back({fallback.route + " by " + fallback.handler});
  }
  add_rows(rows, "fallbacks", fallbacks);
  rows.push_back({"requests", std::to_string(status.requests) + ", " +
                                  std::to_string(status.requests_failed) + " answered 5xx"});
  rows.push_back({"connections", std::to_string(status.connections)});
  rows.push_back({"reloads", std::to_string(status.reloads) + ", " +
                                 std::to_string(status.reloads_refused) + " refused"});
  std::vector<Row> stuck;
  for (const std::string& text_of_plugin : stuck_texts(status.stuck_calls)) {
    stuck.push_back({text_of_plugin});
  }
  add_rows(rows, "stuck", stuck);
  if (status.retired_images > 0) {
    rows.push_back({"images", std::to_string(status.retired_images) +
                                  " retired: still in memory, see berth generations --why N"});
  }
  text += columns(rows);

  std::vector<Row> plugins;
  for (const PluginReport& plugin : status.generation.plugins) {
    const bool pinned =
        std::any_of(status.pins.begin(), status.pins.end(),
                    [&plugin](const app::PinInfo& pin) { return pin.alias == plugin.alias; });
    const bool usual =
        plugin.outcome == PluginOutcome::kLoaded || plugin.outcome == PluginOutcome::kKept;
    std::string state = usual ? "" : std::string(text_of(plugin.outcome));
    if (pinned) state = "pinned";
    if (!plugin.reason.empty()) state += (state.empty() ? "" : ": ") + plugin.reason;
    plugins.push_back({plugin.alias, plugin.version,
                       plugin.build_id.empty() ? "" : "build " + short_id(plugin.build_id),
                       file_text(plugin.file), state});
  }
  if (!plugins.empty()) text += "plugins\n" + columns(plugins, 2);
  return text;
}

std::string generations_text(const std::vector<GenerationInfo>& generations) {
  std::vector<Row> rows{{"GENERATION", "STATE", "MADE", "BY", "ROLLBACK", "PLUGINS"}};
  for (const GenerationInfo& generation : generations) {
    rows.push_back({std::to_string(generation.number), std::string(text_of(generation.state)),
                    time_text(generation.made_at), generation.origin,
                    generation.can_roll_back_to ? "yes" : "-", plugin_list(generation.plugins)});
  }
  std::string text = columns(rows);
  for (const GenerationInfo& generation : generations) {
    if (generation.holds.empty()) continue;
    text += "\ngeneration " + std::to_string(generation.number) + " is held by\n";
    std::vector<Row> holds;
    for (const std::string& hold : hold_texts(generation.holds)) holds.push_back({hold});
    text += columns(holds, 2);
  }
  return text;
}

std::string holds_text(std::uint64_t generation, const std::vector<app::Hold>& holds) {
  if (holds.empty()) return "nothing holds generation " + std::to_string(generation) + "\n";
  std::vector<Row> rows{{"COUNT", "WHAT", "OF", "PLUGIN", "OLDEST"}};
  for (const app::Hold& hold : holds) {
    rows.push_back(
        {std::to_string(hold.count), hold.kind, hold.what, hold.plugin, age_text(hold.age)});
  }
  return columns(rows);
}

}  // namespace berth::cli
