#include "observe/access_log.h"

#include <utility>

#include "observe/access_text.h"
#include "observe/line_buffer.h"
#include "observe/log.h"

namespace berth::observe {

base::Result<std::unique_ptr<AccessLog>> AccessLog::open(AccessLogOptions options, Log& log,
                                                         const base::Clock& clock) {
  options.writer.on_loss = [&log](const LossReport& report) {
    log.warn_of_loss("access log lines were lost", report);
  };
  base::Result<std::unique_ptr<LineWriter>> writer =
      LineWriter::open(std::move(options.writer), clock);
  if (!writer) return base::fail(std::move(writer).error());
  return std::unique_ptr<AccessLog>(new AccessLog(options.format, std::move(*writer)));
}

AccessLog::AccessLog(AccessFormat format, std::unique_ptr<LineWriter> writer) noexcept
    : format_(format), writer_(std::move(writer)) {}

AccessLog::~AccessLog() noexcept = default;

void AccessLog::write(const AccessRecord& record) noexcept {
  LineBuffer line;
  if (format_ == AccessFormat::kJson) {
    format_access_json(line, record);
  } else {
    format_combined(line, record);
  }
  writer_->put(line.text());
}

}  // namespace berth::observe
