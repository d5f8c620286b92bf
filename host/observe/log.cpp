#include "observe/log.h"

#include <string.h>

#include <array>
#include <utility>

#include "observe/line_buffer.h"
#include "observe/log_text.h"

namespace berth::observe {

std::string_view name(Level level) noexcept {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "unknown";
}

std::optional<Level> parse_level(std::string_view text) noexcept {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError}) {
    if (text == name(level)) return level;
  }
  return std::nullopt;
}

base::Result<std::unique_ptr<Log>> Log::open(LogOptions options, const base::Clock& clock) {
  std::unique_ptr<Log> log(new Log(options.level, options.format, clock));
  options.writer.on_loss = [log = log.get()](const LossReport& report) {
    log->warn_of_loss("log lines were lost", report);
  };
  base::Result<std::unique_ptr<LineWriter>> writer =
      LineWriter::open(std::move(options.writer), clock);
  if (!writer) return base::fail(std::move(writer).error());
  log->writer_ = std::move(*writer);
  return log;
}

Log::Log(Level level, LogFormat format, const base::Clock& clock) noexcept
    : level_(level), format_(format), clock_(clock) {}

Log::~Log() noexcept {
  // Here and not in ~LineWriter: the last report of the writer thread comes through writer_.
  if (writer_) writer_->stop(std::chrono::seconds(1));
}

void Log::warn_of_loss(std::string_view message, const LossReport& report) noexcept {
  std::array<Field, 3> fields{Field("output_slow", report.ring_full),
                              Field("not_written", report.not_written), Field("why", "")};
  std::array<char, 128> buffer{};
  if (report.error == 0) {
    write(Level::kWarn, message, std::span(fields).first(2));
    return;
  }
  fields[2] = Field("why", ::strerror_r(report.error, buffer.data(), buffer.size()));
  write(Level::kWarn, message, fields);
}

void Log::write_line(Level level, std::string_view message,
                     std::span<const Field> fields) noexcept {
  LineBuffer line;
  const LogLine what{clock_.wall(), level, message, fields};
  if (format_ == LogFormat::kJson) {
    format_json(line, what);
  } else {
    format_text(line, what);
  }
  writer_->put(line.text());
}

}  // namespace berth::observe
