// Lines for the host's log; not a logger with files or formats of its own.
#pragma once

#include <berth/abi.h>
#include <berth/host.hpp>

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace berth {

enum class Level : std::int32_t {
  debug = BERTH_DEBUG,
  info = BERTH_INFO,
  warn = BERTH_WARN,
  error = BERTH_ERROR
};

// One key and value of a log line, alive within the statement that logs it. Numbers are formatted
// without a locale and without allocation.
class LogField {
 public:
  LogField(std::string_view key, std::string_view value) noexcept : key_(key), value_(value) {}
  LogField(std::string_view key, const char* value) noexcept : key_(key), value_(value) {}
  LogField(std::string_view key, bool value) noexcept
      : key_(key), value_(value ? "true" : "false") {}
  template <std::integral T>
  LogField(std::string_view key, T value) noexcept : key_(key) {
    size_ = static_cast<std::size_t>(
        std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr - digits_.data());
  }
  LogField(const LogField&) = delete;
  LogField& operator=(const LogField&) = delete;

  // Valid as long as this object and what it was made from.
  [[nodiscard]] berth_pair pair() const noexcept {
    return {detail::str(key_), size_ != 0 ? berth_str{digits_.data(), size_} : detail::str(value_)};
  }

 private:
  std::string_view key_;
  std::string_view value_;
  std::array<char, 24> digits_;  // written only as far as size_ says
  std::size_t size_ = 0;
};

inline constexpr std::size_t kMaxLogFields = 16;

// Adds one line; any thread, never blocks, never throws. The host adds plugin, and inside serve()
// route and request. Fields after the sixteenth are left out.
//   log(Level::info, "cache warmed", {{"entries", 42}, {"file", path}});
inline void log(Level level, std::string_view message,
                std::initializer_list<LogField> fields = {}) noexcept {
  std::array<berth_pair, kMaxLogFields> pairs;
  std::size_t count = 0;
  for (const LogField& field : fields) {
    if (count == pairs.size()) break;
    pairs[count++] = field.pair();
  }
  detail::host->log(detail::host, static_cast<std::int32_t>(level), detail::str(message),
                    pairs.data(), count);
}

}  // namespace berth
