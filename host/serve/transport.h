// How one exchange reaches its connection. HTTP/1 connections, HTTP/2 streams and tests implement
// it; it knows framing and waiting, and nothing of handlers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/fields.h"
#include "serve/io_error.h"

namespace berth::serve {

class Hijacked;

template <class T>
using IoResult = base::Result<T, IoError>;
using IoStatus = base::Status<IoError>;

// How the body of a response will be delimited.
struct BodyPlan {
  // Bytes that will follow; nullopt: not known yet, so the transport chooses (chunked, closing,
  // DATA frames).
  std::optional<std::uint64_t> length;
  // No body may follow whatever the length says: HEAD, 204, 304 (RFC 9110 s6.4.1).
  bool suppressed = false;
  // The fields have a Date already.
  bool has_date = false;
  // The connection shall end behind this response.
  bool close = false;
  // For a Trailer field, where framing can carry trailers; empty: none. Dies with the call.
  std::string_view trailer_names{};
};

// One per exchange, used by the one thread that holds the exchange. Every call may wait for the
// client (never while a loop is owned) up to the deadlines of the connection, and then fails with
// kTimedOut. After an error other than kState, kInvalid and kTooLarge the connection is lost and
// every further call fails alike.
class Transport {
 public:
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  virtual ~Transport() = default;

  // Reads some of the body: at least one byte, or 0 at its end. The first call answers Expect:
  // 100-continue unless a final head is out (RFC 9110 s10.1.1).
  [[nodiscard]] virtual IoResult<std::size_t> read_body(std::span<char> buffer) = 0;

  // Field lines behind a chunked body; empty until read_body returned 0. Valid as long as the
  // exchange.
  [[nodiscard]] virtual const http::Fields& trailers() const noexcept = 0;

  // A 1xx response, sent at once (RFC 9110 s15.2).
  [[nodiscard]] virtual IoStatus send_informational(int status, const http::Fields& fields) = 0;

  // The final head, once. `fields` holds what the handler set; the transport adds what framing and
  // the connection need (Content-Length, Transfer-Encoding, Connection, Date).
  [[nodiscard]] virtual IoStatus send_head(int status, const http::Fields& fields,
                                           BodyPlan plan) = 0;

  // A whole response whose length is its body's: send_head, send_body and finish in one, because
  // most responses are this.
  [[nodiscard]] virtual IoStatus send_response(int status, const http::Fields& fields,
                                               bool has_date, std::string_view body);

  // Body bytes, after send_head. May be kept back for a while: flush() or finish() sends them.
  [[nodiscard]] virtual IoStatus send_body(std::string_view bytes) = 0;

  // Body bytes out of an open file, from `offset` on, after send_head. kInvalid: it cannot be read,
  // or is shorter.
  [[nodiscard]] virtual IoStatus send_file(int file, std::uint64_t offset, std::uint64_t size);

  // Sends what is kept back.
  [[nodiscard]] virtual IoStatus flush() = 0;

  // The response is complete. Trailers are sent where framing can carry them, else dropped.
  [[nodiscard]] virtual IoStatus finish(const http::Fields& trailers) = 0;

  // Hijacking, in two steps, for the exchange's commit word is won in between. First whatever can
  // fail: what is kept back is sent, and the thread owns no loop afterwards. kState: this protocol
  // has nothing to hijack; kExhausted: limits.client_waits. Then the hand-over itself, after which
  // the transport is of no use.
  [[nodiscard]] virtual IoStatus begin_hijack() { return base::fail(IoError::kState); }
  [[nodiscard]] virtual std::unique_ptr<Hijacked> hijack();

  // Until when reading the body, and each wait of a write for the client, may last; nullopt: only
  // the server's own limits hold. They only shorten those (Go's ResponseController).
  virtual void set_read_deadline(std::optional<base::TimePoint> deadline) noexcept;
  virtual void set_write_deadline(std::optional<base::TimePoint> deadline) noexcept;

  // The response cannot be completed: the client must see that it is cut (RFC 9112 s8).
  virtual void abort() noexcept = 0;

  // True once the client has closed or reset its side. Cheap; may be asked from any thread.
  [[nodiscard]] virtual bool cancelled() const noexcept = 0;
};

}  // namespace berth::serve
