// What plugins log, as lines of the host's log.
#pragma once

#include "observe/log.h"
#include "plugin/log_sink.h"

namespace berth::app {

// Any thread. The log outlives it.
class PluginLog final : public plugin::LogSink {
 public:
  explicit PluginLog(observe::Log& log) noexcept : log_(log) {}
  void write(const plugin::LogRecord& record) noexcept override;

 private:
  observe::Log& log_;
};

}  // namespace berth::app
