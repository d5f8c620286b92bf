// The access log: one line per finished request, in the combined format or as JSON. It decides
// nothing about requests and is called by a filter.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "observe/line_writer.h"

namespace berth::observe {

class Log;

enum class AccessFormat : std::uint8_t {
  kCombined,  // Apache's and nginx's "combined"
  kJson,
};

// One request. Borrows its texts for the call only; they are anybody's bytes and are escaped. An
// empty text is "-" (combined) or left out (JSON).
struct AccessRecord {
  std::string_view remote_address = {};  // without port
  std::string_view method = {};
  std::string_view target = {};    // as received
  std::string_view protocol = {};  // "HTTP/1.1"
  int status = 0;
  std::uint64_t bytes = 0;               // of the response's body on the wire, framing excluded
  std::chrono::nanoseconds duration{0};  // from the first byte of the request to the last written
  std::string_view referer = {};
  std::string_view user_agent = {};
  std::string_view route = {};       // the pattern of the route
  std::string_view request_id = {};  // the response's X-Request-Id; left out by both if empty
  std::chrono::sys_time<std::chrono::microseconds> time{};  // when the request began
};

struct AccessLogOptions {
  AccessFormat format = AccessFormat::kCombined;
  // on_loss is set by AccessLog itself.
  LineWriterOptions writer{.output = "stdout", .ring_bytes = 256 * std::size_t{1024}};
};

// Any thread, many at once. Lines look like (one line each)
//   203.0.113.7 - - [02/Jan/2026:03:04:05 +0000] "GET /hello/x HTTP/1.1" 200 13 "-" "curl/7.88.1"
//   the same, then: "4bf92f3577b34da6a3ce929d0e0e4736"
//   {"time":"2026-01-02T03:04:05.678Z","remote":"203.0.113.7","method":"GET","target":"/hello/x",
//    "protocol":"HTTP/1.1","status":200,"bytes":13,"duration_seconds":0.000123,"referer":"...",
//    "user_agent":"curl/7.88.1","route":"GET /hello/{name}",
//    "request_id":"4bf92f3577b34da6a3ce929d0e0e4736"}
// Times are UTC. Long texts are cut with "..." (target 2 KiB, referer, user agent and
// route 1 KiB each, request id 256 bytes).
class AccessLog {
 public:
  // Lost lines are reported through `log` (a warning at most once a minute), which must outlive
  // the access log, as must clock. Errors as LineWriter::open.
  [[nodiscard]] static base::Result<std::unique_ptr<AccessLog>> open(AccessLogOptions options,
                                                                     Log& log,
                                                                     const base::Clock& clock);
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;
  ~AccessLog() noexcept;

  // Never throws, never blocks; a line that finds no room is lost and counted.
  void write(const AccessRecord& record) noexcept;

  // The writer's: see LineWriter.
  void prepare_thread() noexcept { writer_->prepare_thread(); }
  [[nodiscard]] base::Status<> reopen() { return writer_->reopen(); }
  [[nodiscard]] bool flush(std::chrono::nanoseconds bound) noexcept {
    return writer_->flush(bound);
  }
  bool stop(std::chrono::nanoseconds bound) noexcept { return writer_->stop(bound); }
  [[nodiscard]] std::uint64_t lost() const noexcept { return writer_->lost(); }

 private:
  AccessLog(AccessFormat format, std::unique_ptr<LineWriter> writer) noexcept;

  const AccessFormat format_;
  std::unique_ptr<LineWriter> writer_;
};

}  // namespace berth::observe
