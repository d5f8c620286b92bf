#include "serve/h1_transport.h"

#include <array>
#include <charconv>

#include "base/limits.h"
#include "http/chunk_encoder.h"
#include "http/response_encoder.h"
#include "http/status.h"
#include "sched/source.h"
#include "serve/service.h"

namespace berth::serve {

namespace {

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void H1Transport::begin(const Setting& setting) noexcept {
  setting_ = setting;
  coding_ = Coding::kNone;
  head_sent_ = continue_sent_ = aborted_ = false;
  keep_alive_ = setting.keep_alive;
}

std::string_view H1Transport::date(base::TimePoint now) noexcept {
  return dates.at(now, setting_.service->clock());
}

bool H1Transport::cancelled() const noexcept {
  if (setting_.connection->gone() || output.lost()) return true;
  return setting_.deadline && setting_.service->clock().now() >= *setting_.deadline;
}

IoResult<std::size_t> H1Transport::read_body(std::span<char> buffer) {
  if (setting_.expect_continue && !continue_sent_ && !head_sent_) {
    continue_sent_ = true;  // RFC 9110 s10.1.1: when the handler wants the body
    output.bytes() += "HTTP/1.1 100 Continue\r\n\r\n";
    if (auto sent = output.flush(); !sent) return base::fail(sent.error());
  }
  if (!body.at_end() && !output.empty()) {
    // The client may wait for what we have before it sends more.
    if (!output.try_send()) return base::fail(IoError::kClosed);
  }
  return body.read(buffer);
}

IoStatus H1Transport::send_informational(int status, const http::Fields& fields) {
  if (head_sent_) return base::fail(IoError::kState);
  if (status == 100) continue_sent_ = true;
  http::append_head(output.bytes(), status, fields);
  return output.flush();
}

bool H1Transport::body_ends_connection() const noexcept {
  if (body.at_end()) return false;
  if (body.broken()) return true;
  // A client that was never told to go on may or may not send its body (RFC 9110 s10.1.1).
  if (setting_.expect_continue && !continue_sent_) return true;
  // A handler that has begun to read may well read all of it; one that has not will not.
  if (body.touched()) return false;
  return body.chunked() || body.remaining() > base::limits::kDrain;
}

IoStatus H1Transport::send_head(int status, const http::Fields& fields, BodyPlan plan) {
  head_sent_ = true;
  const bool no_body = plan.suppressed;
  if (no_body) {
    coding_ = Coding::kNone;
  } else if (plan.length) {
    coding_ = Coding::kLength;
  } else {
    coding_ = setting_.minor_version == 0 ? Coding::kUntilClose : Coding::kChunked;
  }
  // A drain may have begun since the request came (go-net-http.md G83).
  if (coding_ == Coding::kUntilClose || body_ends_connection() || setting_.service->draining()) {
    keep_alive_ = false;
  }

  std::string& out = output.bytes();
  http::append_head(out, status, fields);
  out.resize(out.size() - 2);  // the empty line: our own fields come first
  if (!fields.contains("Date")) {
    out += "Date: ";
    out += date(setting_.now);
    out += "\r\n";
  }
  if (plan.length && (coding_ == Coding::kLength || !http::body_forbidden(status))) {
    out += "Content-Length: ";
    append_number(out, *plan.length);
    out += "\r\n";
  } else if (coding_ == Coding::kChunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (!keep_alive_) {
    out += "Connection: close\r\n";
  } else if (setting_.minor_version == 0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
  return base::done();
}

IoStatus H1Transport::send_body(std::string_view bytes) {
  if (bytes.empty() || coding_ == Coding::kNone) return base::done();
  if (coding_ != Coding::kChunked) return output.write(bytes);
  const http::ChunkHead head(bytes.size());
  output.bytes() += head.text();
  if (auto sent = output.write(bytes); !sent) return sent;
  output.bytes() += http::kChunkEnd;
  return base::done();
}

IoStatus H1Transport::finish(const http::Fields& trailers) {
  if (output.lost()) return base::fail(IoError::kClosed);
  if (coding_ == Coding::kChunked) http::append_last_chunk(output.bytes(), trailers);
  return base::done();
}

void H1Transport::abort() noexcept {
  // A length that is not reached and a last chunk that does not come show the cut; bytes that end by closing
  // cannot, but for a reset.
  keep_alive_ = false;
  aborted_ = true;
}

}  // namespace berth::serve
