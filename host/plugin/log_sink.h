// Where the lines go that plugins log, and what the host has to say about plugins. The log itself
// is observe's; app connects the two.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace berth::plugin {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };

// Keys and values are the plugin's: any bytes. Whoever prints them escapes them.
struct LogPair {
  std::string_view key;
  std::string_view value;
};

// One line. Every view lives as long as the call.
struct LogRecord {
  LogLevel level = LogLevel::kInfo;
  std::string_view plugin;  // the alias of the configuration
  std::string_view route;   // the pattern; empty outside of serve()
  std::string_view message;
  std::span<const LogPair> pairs;
};

// Called from any thread, many at once. Outlives every plugin that was given it.
class LogSink {
 public:
  LogSink() = default;
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;
  virtual ~LogSink() = default;
  // Never blocks and never throws: it is called inside handlers.
  virtual void write(const LogRecord& record) noexcept = 0;
};

}  // namespace berth::plugin
