#include "serve/response_writer.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <span>

#include "base/limits.h"
#include "http/byte_scan.h"
#include "http/sniff.h"
#include "http/status.h"
#include "http/token.h"
#include "http/trailers.h"
#include "serve/error_reply.h"

namespace berth::serve {

namespace {

// Names that mean something to the server itself.
enum class Known : std::uint8_t {
  kNone,
  kTransport,   // framing's and the connection's, so the transport's (RFC 9110 s7.6.1)
  kConnection,  // likewise, but for "close"
  kTrailer,     // likewise; set by declare_trailer()
  kContentLength,
  kContentType,
  kContentEncoding,
  kDate,
};

// REQUIRES: is_token(name).
[[gnu::always_inline]] inline Known known(std::string_view name) noexcept {
  switch (name.size()) {
    case 4:
      return http::is_name(name, "date") ? Known::kDate : Known::kNone;
    case 7:
      if (http::is_name(name, "trailer")) return Known::kTrailer;
      return http::is_name(name, "upgrade") ? Known::kTransport : Known::kNone;
    case 10:
      if (http::is_name(name, "connection")) return Known::kConnection;
      return http::is_name(name, "keep-alive") ? Known::kTransport : Known::kNone;
    case 12:
      return http::is_name(name, "content-type") ? Known::kContentType : Known::kNone;
    case 14:
      return http::is_name(name, "content-length") ? Known::kContentLength : Known::kNone;
    case 16:
      if (http::is_name(name, "content-encoding")) return Known::kContentEncoding;
      return http::is_name(name, "proxy-connection") ? Known::kTransport : Known::kNone;
    case 17:
      return http::is_name(name, "transfer-encoding") ? Known::kTransport : Known::kNone;
    default:
      return Known::kNone;
  }
}

// is_token(name) && is_field_value(value), without calls.
bool is_valid(std::string_view name, std::string_view value) noexcept {
  const char* const name_end = name.data() + name.size();
  const char* const value_end = value.data() + value.size();
  return !name.empty() && http::find_token_end(name.data(), name_end) == name_end &&
         http::find_value_end(value.data(), value_end) == value_end;
}

// What a failed handler is answered with: the client's fault if its body was.
int status_of_failure(std::optional<IoError> read_error) noexcept {
  if (!read_error) return 500;
  switch (*read_error) {
    case IoError::kMalformed:
    case IoError::kClosed:  // the body ended early (RFC 9112 s8)
      return 400;
    case IoError::kTimedOut:
      return 408;
    case IoError::kTooLarge:
      return 413;
    case IoError::kExhausted:
      return 503;
    case IoError::kState:
    case IoError::kInvalid:
      break;
  }
  return 500;
}

// The bit of a field that the writer asks for at commit.
constexpr unsigned bit(Known name) noexcept { return 1U << static_cast<unsigned>(name); }

// What there is of that part of a file, and fits.
std::string_view beginning_of(int file, std::uint64_t offset, std::uint64_t size,
                              std::span<char> room) noexcept {
  const std::size_t most = std::min<std::uint64_t>(size, room.size());
  const ssize_t got = ::pread(file, room.data(), most, static_cast<off_t>(offset));
  return {room.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

std::optional<std::uint64_t> parse_length(std::string_view value) noexcept {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return length;
}

}  // namespace

IoStatus ResponseWriter::put_field(std::string_view name, std::string_view value, bool replace) {
  if ((committed_ || status_ != 0) && !filters_.in_head()) return base::fail(IoError::kState);
  if (!is_valid(name, value)) return base::fail(IoError::kInvalid);
  if (fields_.bytes() + name.size() + value.size() > base::limits::kResponseHead) {
    return base::fail(IoError::kTooLarge);
  }
  const Known what = known(name);
  if (what == Known::kTransport || what == Known::kTrailer) return base::fail(IoError::kInvalid);
  if (what == Known::kConnection) {
    if (!http::equal_ignoring_case(value, "close")) return base::fail(IoError::kInvalid);
    present_ |= bit(Known::kConnection);
    return base::done();
  }
  if (what == Known::kContentLength) {
    // Never twice, which would be splitting by framing: the last one counts. The transport writes
    // the line.
    const auto length = parse_length(value);
    if (!length) return base::fail(IoError::kInvalid);
    declared_ = length;
    declared_text_ = value;
    filters_.length_was_set();
    return base::done();
  }
  if (fields_.owns(name) || fields_.owns(value)) [[unlikely]] {
    // What field() handed out, which dies with the change.
    return put_field(std::string(name), std::string(value), replace);
  }
  present_ |= bit(what);
  if (replace) {
    fields_.set(name, value);
  } else {
    fields_.add(name, value);
  }
  return base::done();
}

IoStatus ResponseWriter::add_field(std::string_view name, std::string_view value) {
  return put_field(name, value, false);
}

IoStatus ResponseWriter::set_field(std::string_view name, std::string_view value) {
  return put_field(name, value, true);
}

IoStatus ResponseWriter::remove_field(std::string_view name) {
  if ((committed_ || status_ != 0) && !filters_.in_head()) return base::fail(IoError::kState);
  if (!http::is_token(name)) return base::fail(IoError::kInvalid);
  const Known what = known(name);
  if (what == Known::kContentLength) declared_.reset();
  present_ &= ~bit(what);
  fields_.remove(name);
  return base::done();
}

std::optional<std::string_view> ResponseWriter::field(std::string_view name) const noexcept {
  if (!http::is_token(name)) return std::nullopt;
  const Known what = known(name);
  if (what == Known::kConnection && has(bit(what))) return "close";
  if (what != Known::kContentLength) return fields_.find(name);
  if (!declared_) return std::nullopt;
  return declared_text_;
}

IoStatus ResponseWriter::declare_trailer(std::string_view name) {
  if ((committed_ || status_ != 0) && !filters_.in_head()) return base::fail(IoError::kState);
  if (!http::is_token(name) || !http::is_trailer_name(name)) return base::fail(IoError::kInvalid);
  if (!has(bit(Known::kTrailer))) announced_.clear();
  if (announced_.size() + name.size() > base::limits::kResponseHead) {
    return base::fail(IoError::kTooLarge);
  }
  present_ |= bit(Known::kTrailer);
  announced_.append(announced_.empty() ? "" : ", ").append(name);
  return base::done();
}

IoStatus ResponseWriter::add_trailer(std::string_view name, std::string_view value) {
  if (done_) return base::fail(IoError::kState);
  if (!http::is_token(name) || !http::is_field_value(value) || !http::is_trailer_name(name)) {
    return base::fail(IoError::kInvalid);
  }
  if (trailers_.bytes() + name.size() + value.size() > base::limits::kResponseHead) {
    return base::fail(IoError::kTooLarge);
  }
  trailers_.add(name, value);
  return base::done();
}

IoStatus ResponseWriter::set_status(int status) {
  // 101 belongs to an upgrade, which is the hijacker's.
  if (status < 100 || status > 999 || status == 101) return base::fail(IoError::kInvalid);
  if (committed_ || done_ || status_ != 0) return base::fail(IoError::kState);
  if (status < 200) {
    if (over()) return base::fail(IoError::kTimedOut);
    if (request_->minor_version() == 0) return base::done();  // RFC 9110 s15.2: not to HTTP/1.0
    return transport_->send_informational(status, fields_);
  }
  status_ = status;
  return base::done();
}

bool ResponseWriter::body_suppressed() const noexcept {
  return head_request_ || http::body_forbidden(status_);
}

IoStatus ResponseWriter::write(std::string_view bytes) {
  if (over()) [[unlikely]]
    return base::fail(IoError::kTimedOut);
  if (done_ | failed_ | filtered_) [[unlikely]] {  // one branch for most responses
    if (done_ || failed_) return base::fail(IoError::kState);
    return filters_.write(bytes);
  }
  return put(bytes);
}

// Inlined it costs write() more than the jump.
[[gnu::noinline]] IoStatus ResponseWriter::put(std::string_view bytes) {
  if (status_ == 0) status_ = 200;
  if (bytes.empty()) return base::done();
  // Go's ErrBodyNotAllowed
  if (http::content_forbidden(status_)) return base::fail(IoError::kState);
  if (declared_ && written_ + bytes.size() > *declared_) return base::fail(IoError::kTooLarge);
  if (head_request_) {
    if (kept_.size() < http::kSniffBytes) kept_.append(bytes.substr(0, http::kSniffBytes));
    written_ += bytes.size();
    return base::done();
  }
  if (kept_.size() + bytes.size() <= base::limits::kResponseBuffer) {
    kept_.append(bytes);
    written_ += bytes.size();
    return base::done();
  }
  written_ += bytes.size();
  if (!committed_) {
    put_content_type(kept_.view(), bytes);
    if (auto sent = commit(false); !sent) return lost(sent);
  } else if (auto sent = send_kept(); !sent) {
    return lost(sent);
  }
  auto sent = transport_->send_body(bytes);
  return sent ? sent : lost(sent);
}

[[gnu::cold]] IoStatus ResponseWriter::lost(IoStatus status) noexcept {
  if (!filtered_) return status;  // finish() will see it
  fail();
  filters_.connection_failed(status.error());
  return status;
}

IoStatus ResponseWriter::send_file(int file, std::uint64_t offset, std::uint64_t size) {
  if (over()) return base::fail(IoError::kTimedOut);
  if (done_ || failed_) return base::fail(IoError::kState);
  if (filtered_) return filters_.send_file(file, offset, size);
  return put_file(file, offset, size);
}

IoStatus ResponseWriter::put_file(int file, std::uint64_t offset, std::uint64_t size) {
  if (status_ == 0) status_ = 200;
  if (size == 0) return base::done();
  if (http::content_forbidden(status_)) return base::fail(IoError::kState);
  if (declared_ && (size > *declared_ || written_ > *declared_ - size)) {
    return base::fail(IoError::kTooLarge);
  }
  written_ += size;
  if (!committed_ && !type_is_known() && kept_.size() < http::kSniffBytes) {
    std::array<char, http::kSniffBytes> room;
    const std::string_view beginning = beginning_of(file, offset, size, room);
    if (!head_request_) {
      put_content_type(kept_.view(), beginning);
    } else {
      kept_.append(beginning);
    }
  }
  if (head_request_) return base::done();
  if (auto sent = committed_ ? send_kept() : commit(false); !sent) return lost(sent);
  auto sent = transport_->send_file(file, offset, size);
  if (sent) return sent;
  fail();
  return lost(sent);
}

IoStatus ResponseWriter::send_kept() {
  if (kept_.empty()) return base::done();
  auto sent = transport_->send_body(kept_.view());
  kept_.clear();
  return sent;
}

[[gnu::always_inline]] inline bool ResponseWriter::type_is_known() const noexcept {
  return has(bit(Known::kContentType) | bit(Known::kContentEncoding));
}

[[gnu::always_inline]] inline void ResponseWriter::add_content_type(std::string_view body) {
  // Go: not where there is none to tell, or where the bytes are encoded and would mislead.
  if (body.empty() || type_is_known()) return;
  fields_.add("Content-Type", http::sniff_content_type(body.substr(0, http::kSniffBytes)));
}

void ResponseWriter::put_content_type(std::string_view body, std::string_view more) {
  std::string beginning;
  if (body.empty()) {
    body = more;
  } else if (body.size() < http::kSniffBytes && !more.empty()) {
    body = beginning.append(body).append(more.substr(0, http::kSniffBytes - body.size()));
  }
  add_content_type(body);
  if (!body.empty()) present_ |= bit(Known::kContentType);
}

void ResponseWriter::give_up() noexcept {
  fail();
  done_ = true;
  transport_->abort();
}

void ResponseWriter::lose() noexcept {
  fields_.clear();
  trailers_.clear();
  kept_.clear();
  declared_.reset();
  written_ = 0;
  status_ = 503;  // what the loop has answered
  give_up();
}

IoStatus ResponseWriter::commit(bool complete) {
  if (commit_ != nullptr && !commit_->commit()) {
    lose();
    return base::fail(IoError::kTimedOut);
  }
  if (status_ == 0) status_ = 200;
  if (!http::body_forbidden(status_)) {
    add_content_type(kept_.view());
  } else if (status_ == 304) {
    fields_.remove("Content-Type");  // Go: a 304 describes nothing new
  }
  if (status_ == 205) declared_ = 0;  // RFC 9110 s15.3.6: whatever was set, and before the end too
  BodyPlan plan;
  plan.suppressed = body_suppressed();
  plan.length = declared_;
  plan.has_date = has(bit(Known::kDate));
  plan.close = has(bit(Known::kConnection));
  const bool can_trail = !declared_ && request_->minor_version() > 0;
  if (has(bit(Known::kTrailer)) && can_trail) plan.trailer_names = announced_;
  if (complete && !plan.length) {
    if (!plan.suppressed) {
      plan.length = written_;
    } else if (head_request_ && written_ > 0 && !http::body_forbidden(status_)) {
      plan.length = written_;  // HEAD: what GET would have sent
    }
  }
  if (complete && can_trail && !(trailers_.empty() && plan.trailer_names.empty())) {
    plan.length.reset();  // trailers need a framing that can carry them
  }
  committed_ = true;
  if (auto sent = transport_->send_head(status_, fields_, plan); !sent) return sent;
  if (plan.suppressed) kept_.clear();
  return send_kept();
}

IoStatus ResponseWriter::flush() {
  if (over()) return base::fail(IoError::kTimedOut);
  if (done_ || failed_) return base::fail(IoError::kState);
  if (filtered_) {
    if (auto passed = filters_.flush(); !passed) return passed;
    if (done_) return base::fail(IoError::kTimedOut);  // lost meanwhile
  }
  if (auto sent = committed_ ? send_kept() : commit(false); !sent) return lost(sent);
  auto sent = transport_->flush();
  return sent ? sent : lost(sent);
}

[[gnu::always_inline]] inline bool ResponseWriter::is_plain() const noexcept {
  return !committed_ && !failed_ && !head_request_ && !declared_ && trailers_.empty() &&
         !has(bit(Known::kConnection) | bit(Known::kTrailer)) && !http::body_forbidden(status_);
}

IoResult<std::unique_ptr<Hijacked>> ResponseWriter::hijack() {
  if (over()) return base::fail(IoError::kTimedOut);
  if (committed_ || done_ || failed_ || status_ != 0 || filters_.inside()) {
    return base::fail(IoError::kState);
  }
  if (auto ready = transport_->begin_hijack(); !ready) return base::fail(ready.error());
  if (commit_ != nullptr && !commit_->hijack()) {
    lose();
    return base::fail(IoError::kTimedOut);
  }
  committed_ = done_ = true;
  commit_ = nullptr;  // it goes with the connection
  status_ = 101;      // for logs: whatever the handler says from here on, it is no response of ours
  if (filtered_) filters_.end_all_hijacked();  // while request and connection are there
  try {
    return transport_->hijack();
  } catch (...) {  // std::bad_alloc: nobody has it
    give_up();
    throw;
  }
}

void ResponseWriter::reply_failure() {
  failed_ = false;  // the error reply itself may be written
  const int status =
      failure_status_ != 0 ? failure_status_ : status_of_failure(request_->read_error());
  reply_error(*this, status, {});
  failed_ = replied_ = true;
}

void ResponseWriter::finish() {
  if (done_) return;
  if (is_plain()) [[likely]] {
    if (status_ == 0) status_ = 200;
    add_content_type(kept_.view());
    if (commit_ != nullptr && !commit_->commit_whole()) [[unlikely]]
      return lose();
    committed_ = done_ = true;
    const bool has_date = has(bit(Known::kDate));
    if (!transport_->send_response(status_, fields_, has_date, kept_.view())) transport_->abort();
    return;
  }
  if (failed_) {
    if (committed_) {
      done_ = true;
      if (commit_ != nullptr) (void)commit_->complete();  // it is cut already
      transport_->abort();
      return;
    }
    if (!replied_) reply_failure();
  }
  IoStatus sent = committed_ ? send_kept() : commit(true);
  if (done_) return;  // lost
  done_ = true;
  if (commit_ != nullptr && !commit_->complete()) sent = base::fail(IoError::kTimedOut);
  // Short of what was declared: the client must not take it for whole (RFC 9112 s8).
  const bool is_short = declared_ && !body_suppressed() && written_ < *declared_;
  if (sent && !is_short) sent = transport_->finish(trailers_);
  if (!sent || is_short) transport_->abort();
}

}  // namespace berth::serve
