#include "app/plugin_log.h"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace berth::app {

namespace {

// A line of 8 KiB holds no more that says anything.
constexpr std::size_t kMostFields = 32;

observe::Level level_of(plugin::LogLevel level) noexcept {
  switch (level) {
    case plugin::LogLevel::kDebug:
      return observe::Level::kDebug;
    case plugin::LogLevel::kInfo:
      return observe::Level::kInfo;
    case plugin::LogLevel::kWarn:
      return observe::Level::kWarn;
    case plugin::LogLevel::kError:
      return observe::Level::kError;
  }
  return observe::Level::kInfo;
}

// observe::Field has no empty state.
template <std::size_t... Index>
std::array<observe::Field, sizeof...(Index)> filled(const observe::Field& field,
                                                    std::index_sequence<Index...>) noexcept {
  return {((void)Index, field)...};
}

}  // namespace

void PluginLog::write(const plugin::LogRecord& record) noexcept {
  const observe::Level level = level_of(record.level);
  if (!log_.enabled(level)) return;
  const observe::Field nothing("", "");
  auto fields = filled(nothing, std::make_index_sequence<kMostFields>());
  std::size_t count = 0;
  const auto add = [&](std::string_view key, std::string_view value) {
    if (count < fields.size()) fields[count++] = observe::Field(key, value);
  };
  add("plugin", record.plugin);
  if (!record.route.empty()) add("route", record.route);
  for (const plugin::LogPair& pair : record.pairs) add(pair.key, pair.value);
  log_.write(level, record.message, std::span(fields).first(count));
}

}  // namespace berth::app
