#include "serve/response_writer.h"

#include <cassert>
#include <charconv>

#include "base/limits.h"
#include "http/trailers.h"
#include "http/sniff.h"
#include "http/status.h"
#include "http/token.h"
#include "serve/error_reply.h"

namespace berth::serve {

namespace {

// Names that belong to framing and to the connection, so to the transport (RFC 9110 s7.6.1).
bool belongs_to_transport(std::string_view name) noexcept {
  switch (name.size()) {
    case 7:
      return http::equal_ignoring_case(name, "upgrade") ||
             http::equal_ignoring_case(name, "trailer");
    case 10:
      return http::equal_ignoring_case(name, "connection") ||
             http::equal_ignoring_case(name, "keep-alive");
    case 16:
      return http::equal_ignoring_case(name, "proxy-connection");
    case 17:
      return http::equal_ignoring_case(name, "transfer-encoding");
    default:
      return false;
  }
}

bool is_content_length(std::string_view name) noexcept {
  return name.size() == 14 && http::equal_ignoring_case(name, "content-length");
}

std::optional<std::uint64_t> parse_length(std::string_view value) noexcept {
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), length);
  if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return length;
}

}  // namespace

void ResponseWriter::reset(const Request& request, Transport& transport) {
  request_ = &request;
  transport_ = &transport;
  discard();
  committed_ = failed_ = done_ = false;
  head_request_ = request.method() == "HEAD";
}

void ResponseWriter::discard() noexcept {
  assert(!committed_ || done_ || failed_);
  fields_.clear();
  trailers_.clear();
  kept_.clear();
  declared_.reset();
  written_ = 0;
  status_ = 0;
}

IoStatus ResponseWriter::check_field(std::string_view name, std::string_view value) const {
  if (committed_ || status_ != 0) return base::fail(IoError::kState);
  if (!http::is_token(name) || !http::is_field_value(value) || belongs_to_transport(name)) {
    return base::fail(IoError::kInvalid);
  }
  if (fields_.bytes() + name.size() + value.size() > base::limits::kResponseHead) {
    return base::fail(IoError::kTooLarge);
  }
  return base::done();
}

IoStatus ResponseWriter::add_field(std::string_view name, std::string_view value) {
  // A second Content-Length would be response splitting by framing: the last one counts.
  if (is_content_length(name)) return set_field(name, value);
  if (auto checked = check_field(name, value); !checked) return checked;
  fields_.add(name, value);
  return base::done();
}

IoStatus ResponseWriter::set_field(std::string_view name, std::string_view value) {
  if (auto checked = check_field(name, value); !checked) return checked;
  if (is_content_length(name)) {
    const auto length = parse_length(value);
    if (!length) return base::fail(IoError::kInvalid);
    declared_ = length;  // the transport writes the line
    declared_text_ = value;
    return base::done();
  }
  fields_.set(name, value);
  return base::done();
}

IoStatus ResponseWriter::remove_field(std::string_view name) {
  if (committed_ || status_ != 0) return base::fail(IoError::kState);
  if (is_content_length(name)) declared_.reset();
  fields_.remove(name);
  return base::done();
}

std::optional<std::string_view> ResponseWriter::field(std::string_view name) const noexcept {
  if (!is_content_length(name)) return fields_.find(name);
  if (!declared_) return std::nullopt;
  return declared_text_;
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
  if (done_ || failed_) return base::fail(IoError::kState);
  if (status_ == 0) status_ = 200;
  if (bytes.empty()) return base::done();
  if (http::body_forbidden(status_)) return base::fail(IoError::kState);  // Go's ErrBodyNotAllowed
  if (declared_ && written_ + bytes.size() > *declared_) return base::fail(IoError::kTooLarge);
  written_ += bytes.size();
  if (head_request_) {
    if (kept_.size() < http::kSniffBytes) kept_.append(bytes.substr(0, http::kSniffBytes));
    return base::done();
  }
  if (kept_.size() + bytes.size() <= base::limits::kResponseBuffer) {
    kept_.append(bytes);
    return base::done();
  }
  if (!committed_) {
    add_content_type(kept_.empty() ? bytes : std::string_view(kept_));
    if (auto sent = commit(false); !sent) return sent;
  } else if (auto sent = send_kept(); !sent) {
    return sent;
  }
  return transport_->send_body(bytes);
}

IoStatus ResponseWriter::send_kept() {
  if (kept_.empty()) return base::done();
  auto sent = transport_->send_body(kept_);
  kept_.clear();
  return sent;
}

void ResponseWriter::add_content_type(std::string_view body) {
  // Go: not where there is none to tell, or where the bytes are encoded and would mislead.
  if (body.empty() || fields_.contains("Content-Type") || fields_.contains("Content-Encoding")) {
    return;
  }
  fields_.add("Content-Type", http::sniff_content_type(body.substr(0, http::kSniffBytes)));
}

IoStatus ResponseWriter::commit(bool complete) {
  if (status_ == 0) status_ = 200;
  if (!http::body_forbidden(status_)) {
    add_content_type(kept_);
  } else if (status_ == 304) {
    fields_.remove("Content-Type");  // Go: a 304 describes nothing new
  }
  BodyPlan plan;
  plan.suppressed = body_suppressed();
  plan.length = declared_;
  if (complete && !plan.length) {
    if (!plan.suppressed) {
      plan.length = written_;
    } else if (head_request_ && written_ > 0 && !http::body_forbidden(status_)) {
      plan.length = written_;  // HEAD: what GET would have sent
    }
  }
  if (complete && !trailers_.empty() && !declared_ && !plan.suppressed) {
    plan.length.reset();  // trailers need a framing that can carry them
  }
  committed_ = true;
  if (auto sent = transport_->send_head(status_, fields_, plan); !sent) return sent;
  if (plan.suppressed) kept_.clear();
  return send_kept();
}

IoStatus ResponseWriter::flush() {
  if (done_ || failed_) return base::fail(IoError::kState);
  if (auto sent = committed_ ? send_kept() : commit(false); !sent) return sent;
  return transport_->flush();
}

void ResponseWriter::finish() {
  if (done_) return;
  if (failed_) {
    if (committed_) {
      done_ = true;
      transport_->abort();
      return;
    }
    failed_ = false;  // the error reply itself may be written
    reply_error(*this, 500, {});
    failed_ = true;
  }
  IoStatus sent = committed_ ? send_kept() : commit(true);
  done_ = true;
  // Short of what was declared: the client must not take it for whole (RFC 9112 s8).
  const bool is_short = declared_ && !body_suppressed() && written_ < *declared_;
  if (sent && !is_short) sent = transport_->finish(trailers_);
  if (!sent || is_short) transport_->abort();
}

}  // namespace berth::serve
