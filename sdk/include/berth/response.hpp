// The response as a handler writes it, and the optional powers of its connection; modelled on Go's
// http.ResponseWriter, Flusher and Hijacker. Not a buffer: what is written may be on its way.
#pragma once

#include <berth/abi.h>
#include <berth/host.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace berth {

// A connection taken over by Hijacker. Closes itself. One reader and one writer at a time.
class Connection {
 public:
  using Timeout = std::chrono::milliseconds;  // negative: none

  Connection(const berth_hijacker* table, berth_conn* connection) noexcept
      : table_(table), connection_(connection, table->close) {}

  // Bytes read, those the host had read ahead first; 0: the peer ended its side, or draining().
  // Throws Error.
  std::size_t read(std::span<char> out, Timeout timeout) {
    return detail::check(
        table_->read(connection_.get(), out.data(), out.size(), milliseconds(timeout)),
        "Connection::read");
  }
  // Writes all of it, or throws Error.
  void write(std::string_view bytes, Timeout timeout) {
    detail::check(
        table_->write(connection_.get(), bytes.data(), bytes.size(), milliseconds(timeout)),
        "Connection::write");
  }
  // Whether to say goodbye and let go: the plugin is being replaced, or the server stops. A read
  // that waits is woken by it; writes still work. A stop does not tell all of many connections in
  // the same moment, and cuts those that stay. Any thread.
  [[nodiscard]] bool draining() const noexcept { return table_->draining(connection_.get()) != 0; }

 private:
  static std::int32_t milliseconds(Timeout timeout) noexcept {
    if (timeout.count() < 0) return -1;
    return timeout.count() > INT32_MAX ? INT32_MAX : static_cast<std::int32_t>(timeout.count());
  }
  const berth_hijacker* table_;
  std::unique_ptr<berth_conn, void (*)(berth_conn*)> connection_;
};

// Facets: what ResponseWriter::as() can ask for. Each wraps a table of abi.h.
class Flusher {
 public:
  using Table = berth_flusher;
  static constexpr const char* kId = BERTH_FLUSHER;
  Flusher(const Table* table, berth_response* response) noexcept
      : table_(table), response_(response) {}
  // Sends the head and everything written so far. Throws Error.
  void flush() const { detail::check(table_->flush(response_), "flush"); }

 private:
  const Table* table_;
  berth_response* response_;
};

class Hijacker {
 public:
  using Table = berth_hijacker;
  static constexpr const char* kId = BERTH_HIJACKER;
  Hijacker(const Table* table, berth_response* response) noexcept
      : table_(table), response_(response) {}
  // Takes the connection over: the host never touches it again, and neither Request nor
  // ResponseWriter are of use. Throws Error with E_STATE once the head is committed.
  [[nodiscard]] Connection hijack() const {
    berth_conn* connection = nullptr;
    detail::check(table_->hijack(response_, &connection), "hijack");
    return {table_, connection};
  }

 private:
  const Table* table_;
  berth_response* response_;
};

// Go's http.ResponseController. Deadlines only shorten the host's own limits; nullopt lifts them.
class Controller {
 public:
  using Table = berth_controller;
  using Time = std::chrono::steady_clock::time_point;
  static constexpr const char* kId = BERTH_CONTROLLER;
  Controller(const Table* table, berth_response* response) noexcept
      : table_(table), response_(response) {}
  // Until when each read of the body may last. Throws Error.
  void set_read_deadline(std::optional<Time> at) const {
    detail::check(table_->set_read_deadline(response_, nanoseconds(at)), "set_read_deadline");
  }
  // Until when each wait of a write for the client may last. Throws Error.
  void set_write_deadline(std::optional<Time> at) const {
    detail::check(table_->set_write_deadline(response_, nanoseconds(at)), "set_write_deadline");
  }
  // Throws Error with E_STATE where the client speaks HTTP/1.0.
  void enable_full_duplex() const {
    detail::check(table_->enable_full_duplex(response_), "enable_full_duplex");
  }

 private:
  static std::int64_t nanoseconds(std::optional<Time> at) noexcept {
    if (!at) return 0;
    return std::chrono::duration_cast<std::chrono::nanoseconds>(at->time_since_epoch()).count();
  }
  const Table* table_;
  berth_response* response_;
};

// Sends files without reading them first, where the connection can.
class FileSender {
 public:
  using Table = berth_file_sender;
  static constexpr const char* kId = BERTH_FILE_SENDER;
  FileSender(const Table* table, berth_response* response) noexcept
      : table_(table), response_(response) {}
  // Appends `size` bytes of an open file, from `offset` on, to the body; the descriptor stays the
  // caller's. Throws Error; E_FAILED where the file is shorter than that by now.
  void send(int fd, std::int64_t offset, std::int64_t size) const {
    detail::check(table_->send_file(response_, fd, offset, size), "send_file");
  }

 private:
  const Table* table_;
  berth_response* response_;
};

// Used by the thread inside serve() only. Every function throws Error where abi.h says so; let it
// through, and the host does what is right.
class ResponseWriter {
 public:
  explicit ResponseWriter(berth_response* response) noexcept : response_(response) {}
  ResponseWriter(const ResponseWriter&) = delete;
  ResponseWriter& operator=(const ResponseWriter&) = delete;

  // Fields of the head, until status() or the first write() commits it. Those of the framing are
  // the host's, but for `Connection: close`: the connection ends behind this response.
  void set_header(std::string_view name, std::string_view value) {
    field(detail::host->resp_header_set(response_, detail::str(name), detail::str(value)),
          "set_header", name);
  }
  void add_header(std::string_view name, std::string_view value) {
    field(detail::host->resp_header_add(response_, detail::str(name), detail::str(value)),
          "add_header", name);
  }
  void remove_header(std::string_view name) {
    field(detail::host->resp_header_remove(response_, detail::str(name)), "remove_header", name);
  }
  // The first of that name set so far; the view lives until the next change.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const noexcept {
    return detail::maybe(detail::host->resp_header_get(response_, detail::str(name)));
  }

  // 200..999 commits the head, once. 1xx but 101 is sent at once and may be repeated before it.
  void status(int code) {
    const std::int32_t result = detail::host->resp_status(response_, code);
    if (result < 0) throw Error(result, "status(" + std::to_string(code) + ")");
  }
  // The final status so far; 0: not committed.
  [[nodiscard]] int status() const noexcept { return detail::host->resp_status_get(response_); }
  // Whether the head is committed, so that it is too late for another status or field.
  [[nodiscard]] bool committed() const noexcept {
    return detail::host->resp_status_get(response_) != 0;
  }
  // All of it, or Error; may wait for the client. The first one commits a 200 if nothing is.
  void write(std::string_view bytes) {
    detail::check(detail::host->resp_write(response_, bytes.data(), bytes.size()), "write");
  }

  // Fields behind the body (RFC 9110 s6.5) where the protocol can, else dropped; until serve()
  // returns. Declaring announces a name in the head, for clients that want to know.
  void declare_trailer(std::string_view name) {
    field(detail::host->resp_trailer_declare(response_, detail::str(name)), "declare_trailer",
          name);
  }
  void add_trailer(std::string_view name, std::string_view value) {
    field(detail::host->resp_trailer_add(response_, detail::str(name), detail::str(value)),
          "add_trailer", name);
  }

  // Go's w.(http.Flusher): nullopt where this connection has not got that power.
  //   if (auto flusher = response.as<berth::Flusher>()) flusher->flush();
  template <class Facet>
  [[nodiscard]] std::optional<Facet> as() noexcept {
    const void* table = detail::host->resp_facet(response_, Facet::kId);
    if (table == nullptr) return std::nullopt;
    return Facet(static_cast<const typename Facet::Table*>(table), response_);
  }

 private:
  // The name goes into the log, where "a header is wrong" would not help.
  static void field(std::int32_t result, std::string_view call, std::string_view name) {
    if (result >= 0) return;
    throw Error(result, std::string(call).append("(\"").append(name).append("\")"));
  }
  berth_response* response_;
};

}  // namespace berth
