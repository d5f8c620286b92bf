// What a handler answers with: Go's ResponseWriter, made strict. It decides status, length and type
// of a response; how the bytes are framed is the transport's.
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "http/fields.h"
#include "serve/commit_word.h"
#include "serve/hijacked.h"
#include "serve/request.h"
#include "serve/response_filters.h"
#include "serve/transport.h"

namespace berth::serve {

// The states, and what moves between them:
//
//   kOpen --set_status()--> kOpen (status fixed) --write(), flush() or finish()--> kCommitted
//   --finish()--> kDone any --fail(), a lost connection--> kFailed
//
// Used by the one thread that holds the exchange; reused from request to request by its thread.
class ResponseWriter {
 public:
  ResponseWriter() = default;
  ResponseWriter(const ResponseWriter&) = delete;
  ResponseWriter& operator=(const ResponseWriter&) = delete;

  // Adds, replaces or removes field lines. kInvalid: the name is no token or the value holds CR,
  // LF, NUL or another control character (faults.md 17). kState: the head is out, or its status was
  // set. Fields that framing owns (Keep-Alive, Transfer-Encoding, Upgrade, Trailer...) are the
  // transport's: kInvalid. So is Connection but for "close", with which the connection ends behind
  // this response, as in Go.
  [[nodiscard]] IoStatus add_field(std::string_view name, std::string_view value);
  [[nodiscard]] IoStatus set_field(std::string_view name, std::string_view value);
  [[nodiscard]] IoStatus remove_field(std::string_view name);
  // A field line behind the body; dropped where the framing has no place for it (RFC 9110 s6.5).
  [[nodiscard]] IoStatus add_trailer(std::string_view name, std::string_view value);

  // Announces one in the head (RFC 9110 s6.6.2); nobody has to. kInvalid: not a name of a trailer.
  // kState: the head is out, or its status was set.
  [[nodiscard]] IoStatus declare_trailer(std::string_view name);

  // The value of the first line of this name as set so far, ignoring case. A view that dies at the
  // next change.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const noexcept;

  // 100..199 is sent at once with the fields set so far; 200..999 is the final one and fixes the
  // head (Go's WriteHeader). kState: a final status was set before. kInvalid: outside 100..999, or
  // 101.
  [[nodiscard]] IoStatus set_status(int status);

  // Body bytes; implies set_status(200). Kept back up to limits::kResponseBuffer, so that a short
  // response gets its Content-Length and small writes become one chunk. kTooLarge: more than the
  // Content-Length the handler set. kState: a status that has no body, or the response is over.
  // HEAD: counted, not sent.
  [[nodiscard]] IoStatus write(std::string_view bytes);

  // The same with bytes out of an open file, from `offset` on. kInvalid: it cannot be read or is
  // shorter, and the response is cut.
  [[nodiscard]] IoStatus send_file(int file, std::uint64_t offset, std::uint64_t size);

  // Sends the head and what is kept back (Go's Flusher).
  [[nodiscard]] IoStatus flush();

  // Takes the connection over (Go's Hijacker): request and response are of no use afterwards, so
  // filters are ended, with kState, before it returns.
  // kState: the head is out, its status was set, or there is no connection to be had (HTTP/2).
  // kExhausted: limits.client_waits. kTimedOut: the deadline was first.
  [[nodiscard]] IoResult<std::unique_ptr<Hijacked>> hijack();

  // See Transport.
  void set_read_deadline(std::optional<base::TimePoint> deadline) noexcept {
    transport_->set_read_deadline(deadline);
  }
  void set_write_deadline(std::optional<base::TimePoint> deadline) noexcept {
    transport_->set_write_deadline(deadline);
  }

  // The handler did not do its work: `status` if nothing is out, else the client sees the response
  // cut. 0: what the request's body suggests, as a rule 500. The last status given counts.
  void fail(int status = 0) noexcept {
    if (!failed_ || status != 0) failure_status_ = status;
    failed_ = true;
  }

  // Forgets fields, status and bytes kept back. REQUIRES: !committed().
  void discard() noexcept;

  [[nodiscard]] const Request& request() const noexcept { return *request_; }
  [[nodiscard]] bool committed() const noexcept { return committed_; }
  // 503 once the deadline has answered in the handler's stead.
  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] std::uint64_t body_bytes() const noexcept { return written_; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }

  // What sees the response on its way out. Whoever adds one calls finish() of them before the
  // handler returns.
  [[nodiscard]] ResponseFilters& filters() noexcept { return filters_; }

  // --- for Exchange
  // -------------------------------------------------------------------------------------- Forgets
  // the last response. The request outlives this one.
  void reset(const Request& request, Transport& transport, CommitWord* commit = nullptr);
  // Completes the response after the handler returned, or replaces it by an error reply if it
  // failed before anything was out.
  void finish();
  // Nothing more can be sent, and what is out is cut.
  void give_up() noexcept;
  // The deadline has won before the head: nothing of the handler is sent, and status() is 503.
  void lose() noexcept;

 private:
  friend class ResponseFilters;

  [[nodiscard]] IoStatus put_field(std::string_view name, std::string_view value, bool replace);
  // write() and send_file() behind the filters.
  [[nodiscard]] IoStatus put(std::string_view bytes);
  [[nodiscard]] IoStatus put_file(int file, std::uint64_t offset, std::uint64_t size);
  // Replaces what was written by the reply to a failed handler. REQUIRES: !committed().
  void reply_failure();
  // The connection did not take what it had to: with filters the response fails, and they hear why.
  [[nodiscard]] IoStatus lost(IoStatus status) noexcept;
  void clear() noexcept;
  // Sends the head; `complete` tells that `kept_` is the whole body.
  [[nodiscard]] IoStatus commit(bool complete);
  [[nodiscard]] IoStatus send_kept();
  // Whether one of those fields was set.
  [[nodiscard]] bool has(unsigned bits) const noexcept { return (present_ & bits) != 0; }
  [[nodiscard]] bool over() const noexcept { return commit_ != nullptr && commit_->over(); }
  [[nodiscard]] bool body_suppressed() const noexcept;
  // Nothing is out, and the body, wholly in kept_, says its length itself: what most responses are.
  [[nodiscard]] bool is_plain() const noexcept;
  // Of the body: set by the handler, or not to be told.
  [[nodiscard]] bool type_is_known() const noexcept;
  void add_content_type(std::string_view body);
  // The same of a body whose beginning is in two parts, once and for all.
  void put_content_type(std::string_view body, std::string_view more);

  const Request* request_ = nullptr;
  Transport* transport_ = nullptr;
  CommitWord* commit_ = nullptr;
  http::Fields fields_;
  http::Fields trailers_;
  // Body bytes not handed to the transport yet; of HEAD only what sniffing looks at.
  base::Buffer kept_;
  std::optional<std::uint64_t> declared_;  // Content-Length the handler set
  std::string declared_text_;              // as it was set
  std::string announced_;                  // names of trailers, if present_ says so
  unsigned present_ = 0;                   // which of the fields that matter here were set
  std::uint64_t written_ = 0;
  int status_ = 0;          // 0: not set
  int failure_status_ = 0;  // of fail(), once failed()
  bool committed_ = false;
  bool failed_ = false;
  bool done_ = false;
  bool replied_ = false;   // failed_, and the error reply is in place
  bool filtered_ = false;  // filters_.any()
  bool head_request_ = false;
  ResponseFilters filters_{*this};
};

inline void ResponseWriter::clear() noexcept {
  fields_.clear();
  trailers_.clear();
  kept_.clear();
  declared_.reset();
  present_ = 0;
  written_ = 0;
  status_ = 0;
}

inline void ResponseWriter::discard() noexcept {
  assert(!committed_ || done_ || failed_);
  clear();
  if (filtered_) filters_.discard();
}

[[gnu::always_inline]] inline void ResponseWriter::reset(const Request& request,
                                                         Transport& transport, CommitWord* commit) {
  request_ = &request;
  transport_ = &transport;
  commit_ = commit;
  clear();
  committed_ = failed_ = done_ = replied_ = false;
  head_request_ = request.method() == "HEAD";
}

}  // namespace berth::serve
