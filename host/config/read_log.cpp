#include <algorithm>
#include <array>
#include <string>

#include "config/load.h"
#include "config/printable.h"
#include "config/schema.h"
#include "config/suggest.h"

namespace berth::config {

namespace {

constexpr std::array<Key, 4> kLogKeys{{{"level"}, {"format"}, {"output"}, {"access"}}};
// In the order of LogLevel, LogFormat and LogTarget::Kind.
constexpr std::array<std::string_view, 4> kLevels{"debug", "info", "warn", "error"};
constexpr std::array<std::string_view, 2> kFormats{"text", "json"};
constexpr std::array<std::string_view, 3> kTargets{"off", "stderr", "stdout"};

LogTarget read_target(const Node& node, bool may_be_off, const LogTarget& otherwise,
                      Report& report) {
  const auto text = report.take(node.as_string());
  if (!text) return otherwise;
  LogTarget target{LogTarget::Kind::kFile, {}, node.position()};
  const auto word = std::find(kTargets.begin(), kTargets.end(), *text);
  if (word != kTargets.end()) {
    target.kind = static_cast<LogTarget::Kind>(word - kTargets.begin());
    if (target.kind != LogTarget::Kind::kOff || may_be_off) return target;
    report.error(target.position, "`output` cannot be off", "write level: error for a quiet log");
    return otherwise;
  }
  if (text->find('/') == std::string_view::npos || text->ends_with('/')) {
    const std::string words = may_be_off ? "stdout, stderr, off" : "stderr, stdout";
    report.error(target.position, quote(*text) + " is not one of " + words + " or a file's path",
                 "a path has a / in it, such as ./berth.log", nearest(*text, kTargets));
    return otherwise;
  }
  target.path = resolve_path(folder_of(target.position.file), *text);
  return target;
}

}  // namespace

std::span<const Key> log_keys() noexcept { return kLogKeys; }

Log read_log(const Node& node, Report& report) {
  const Section section(node, "`log`", kLogKeys, report);
  Log log;
  if (const Node* const level = section.get("level")) {
    const auto index = choose(*level, kLevels, report);
    if (index) log.level = static_cast<LogLevel>(*index);
  }
  if (const Node* const format = section.get("format")) {
    const auto index = choose(*format, kFormats, report);
    if (index) log.format = static_cast<LogFormat>(*index);
  }
  if (const Node* const output = section.get("output")) {
    log.output = read_target(*output, false, log.output, report);
  }
  if (const Node* const access = section.get("access")) {
    log.access = read_target(*access, true, log.access, report);
  }
  return log;
}

}  // namespace berth::config
