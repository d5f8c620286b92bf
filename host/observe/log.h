// The host's diagnostics: lines with a level, a message and key/value fields, for people (text) or
// programs (JSON). Not the access log.
#pragma once

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "observe/line_writer.h"

namespace berth::observe {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class LogFormat : std::uint8_t { kText, kJson };

// "debug", "info", "warn", "error". Static storage.
[[nodiscard]] std::string_view name(Level level) noexcept;
// The reverse; nothing for any other text.
[[nodiscard]] std::optional<Level> parse_level(std::string_view text) noexcept;

// One key and its value. Borrows both: lives as long as the call it is made for. Keys are trusted,
// lower_case; bytes outside [A-Za-z0-9_.-] become '_', and "time", "level", "message" get a '_' in
// front. Values are anybody's and are escaped.
class Field {
 public:
  enum class Kind : std::uint8_t { kText, kSigned, kUnsigned, kReal, kBoolean };

  Field(std::string_view key, std::string_view value) noexcept
      : key_(key), kind_(Kind::kText), text_(value) {}
  Field(std::string_view key, const char* value) noexcept : Field(key, std::string_view(value)) {}
  Field(std::string_view key, std::signed_integral auto value) noexcept
      : key_(key), kind_(Kind::kSigned), signed_(value) {}
  Field(std::string_view key, std::unsigned_integral auto value) noexcept
      : key_(key), kind_(Kind::kUnsigned), unsigned_(value) {}
  Field(std::string_view key, bool value) noexcept
      : key_(key), kind_(Kind::kBoolean), boolean_(value) {}
  Field(std::string_view key, double value) noexcept
      : key_(key), kind_(Kind::kReal), real_(value) {}
  // In seconds, as a real number; name the key so ("took_seconds").
  Field(std::string_view key, std::chrono::nanoseconds value) noexcept
      : Field(key, std::chrono::duration<double>(value).count()) {}

  [[nodiscard]] std::string_view key() const noexcept { return key_; }
  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  // REQUIRES the fitting kind().
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] std::int64_t signed_integer() const noexcept { return signed_; }
  [[nodiscard]] std::uint64_t unsigned_integer() const noexcept { return unsigned_; }
  [[nodiscard]] double real() const noexcept { return real_; }
  [[nodiscard]] bool boolean() const noexcept { return boolean_; }

 private:
  std::string_view key_;
  Kind kind_;
  union {
    std::string_view text_;
    std::int64_t signed_;
    std::uint64_t unsigned_;
    double real_;
    bool boolean_;
  };
};

struct LogOptions {
  Level level = Level::kInfo;
  LogFormat format = LogFormat::kText;
  LineWriterOptions writer = {};  // on_loss is set by Log itself
};

// Any thread, many at once. Lines look like
//   2026-01-02T03:04:05.678Z info listening address=[::]:8080 name=public
//   {"time":"2026-01-02T03:04:05.678Z","level":"info","message":"listening","address":"[::]:8080"}
// Text is printable ASCII whatever the values are; JSON is valid UTF-8 (escape.h says how). A long
// value is cut with "..."; fields that no longer fit into a line of 8 KiB are left out, and
// `cut=true` says so. Lines are lost, never waited for, when the output is slow; a warning with
// the count follows at most once a minute.
class Log {
 public:
  // Errors as LineWriter::open. clock must outlive the log.
  [[nodiscard]] static base::Result<std::unique_ptr<Log>> open(LogOptions options,
                                                               const base::Clock& clock);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  // stop(1 s) if it was not called.
  ~Log() noexcept;

  // One load and one branch; ask first where making the fields costs something.
  [[nodiscard]] bool enabled(Level level) const noexcept {
    return level >= level_.load(std::memory_order_relaxed);
  }
  // Takes effect in every thread soon; nothing else is ordered by it.
  void set_level(Level level) noexcept { level_.store(level, std::memory_order_relaxed); }

  // Borrows everything for the call only. Never throws, never blocks (LineWriter::put).
  void write(Level level, std::string_view message, std::span<const Field> fields) noexcept {
    if (enabled(level)) write_line(level, message, fields);
  }
  void debug(std::string_view message, std::initializer_list<Field> fields = {}) noexcept {
    write(Level::kDebug, message, {fields.begin(), fields.size()});
  }
  void info(std::string_view message, std::initializer_list<Field> fields = {}) noexcept {
    write(Level::kInfo, message, {fields.begin(), fields.size()});
  }
  void warn(std::string_view message, std::initializer_list<Field> fields = {}) noexcept {
    write(Level::kWarn, message, {fields.begin(), fields.size()});
  }
  void error(std::string_view message, std::initializer_list<Field> fields = {}) noexcept {
    write(Level::kError, message, {fields.begin(), fields.size()});
  }

  // A warning that says how many lines a writer lost and why; for on_loss callbacks.
  void warn_of_loss(std::string_view message, const LossReport& report) noexcept;

  // The writer's: see LineWriter. prepare_thread() from the thread itself, the others from the
  // thread that owns the log.
  void prepare_thread() noexcept { writer_->prepare_thread(); }
  [[nodiscard]] base::Status<> reopen() { return writer_->reopen(); }
  [[nodiscard]] bool flush(std::chrono::nanoseconds bound) noexcept {
    return writer_->flush(bound);
  }
  bool stop(std::chrono::nanoseconds bound) noexcept { return writer_->stop(bound); }
  [[nodiscard]] std::uint64_t lost() const noexcept { return writer_->lost(); }

 private:
  Log(Level level, LogFormat format, const base::Clock& clock) noexcept;
  void write_line(Level level, std::string_view message, std::span<const Field> fields) noexcept;

  std::atomic<Level> level_;
  const LogFormat format_;
  const base::Clock& clock_;
  std::unique_ptr<LineWriter> writer_;
};

}  // namespace berth::observe
