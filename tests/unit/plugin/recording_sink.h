// A log that tests read.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "plugin/log_sink.h"

namespace berth::plugin {

// Each line as "LEVEL PLUGIN [ROUTE] MESSAGE KEY=VALUE...".
class RecordingSink final : public LogSink {
 public:
  void write(const LogRecord& record) noexcept override {
    constexpr const char* kLevels[] = {"debug", "info", "warn", "error"};
    std::string line = kLevels[static_cast<int>(record.level)];
    line += " " + std::string(record.plugin) + " [" + std::string(record.route) + "] " +
            std::string(record.message);
    for (const LogPair& pair : record.pairs) {
      line += " " + std::string(pair.key) + "=" + std::string(pair.value);
    }
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  // The lines so far; begins anew.
  std::vector<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace berth::plugin
