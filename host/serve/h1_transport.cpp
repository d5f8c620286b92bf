#include "serve/h1_transport.h"

#include <cassert>
#include <charconv>
#include <cstring>
#include <string>

#include "base/limits.h"
#include "base/short_text.h"
#include "http/chunk_encoder.h"
#include "http/response_encoder.h"
#include "http/status.h"
#include "http/token.h"
#include "serve/commit_word.h"
#include "serve/h1_connection.h"
#include "serve/hijacked.h"
#include "serve/service.h"

namespace berth::serve {

namespace {

// Most bytes of a status line, and of the fields that framing and the connection add (with a
// 20-digit length 137; 148 with the name of Trailer) with the empty line.
constexpr std::size_t kStatusLine = 64;
constexpr std::size_t kOwnFields = 160;

[[gnu::always_inline]] inline char* put_status_line(char* at, int status) noexcept {
  if (status == 200) [[likely]]
    return base::copy_text(at, "HTTP/1.1 200 OK\r\n");
  return base::copy_text(at, http::StatusLine(status).text());
}

[[gnu::always_inline]] inline char* put_length(char* at, std::uint64_t length) noexcept {
  at = base::copy_text(at, "Content-Length: ");
  return base::copy_text(std::to_chars(at, at + 20, length).ptr, "\r\n");
}

// WHATWG HTML s9.2.5; types have no case, and may have parameters (RFC 9110 s8.3.1).
bool is_event_stream(const http::Fields& fields) noexcept {
  constexpr std::string_view kType = "text/event-stream";
  const auto type = fields.find("Content-Type");
  if (!type || !http::equal_ignoring_case(type->substr(0, kType.size()), kType)) return false;
  const std::string_view rest = type->substr(kType.size());
  return rest.empty() || rest.front() == ';' || rest.front() == ' ' || rest.front() == '\t';
}

}  // namespace

std::string_view H1Transport::date(base::TimePoint now) noexcept {
  return dates.at(now, setting_.service->clock());
}

bool H1Transport::cancelled() const noexcept {
  if (hijacked_) return true;
  if (setting_.connection->is_unwanted() || output.lost() || setting_.commit->over()) return true;
  return body.deadline() && setting_.service->clock().now() >= *body.deadline();
}

IoResult<std::size_t> H1Transport::read_body(std::span<char> buffer) {
  if (hijacked_) return base::fail(IoError::kState);
  if (setting_.commit->over()) return base::fail(IoError::kTimedOut);
  if (setting_.expect_continue && !continue_sent_ && !head_sent_) {
    continue_sent_ = true;  // RFC 9110 s10.1.1: when the handler wants the body
    if (auto sent = inform("HTTP/1.1 100 Continue\r\n\r\n"); !sent) {
      return base::fail(sent.error());
    }
  }
  if (!body.at_end() && !output.empty()) {
    // The client may wait for what we have before it sends more.
    if (output.has_file()) {
      if (auto sent = output.flush(); !sent) return base::fail(sent.error());
    } else if (!output.try_send()) {
      return base::fail(IoError::kClosed);
    }
  }
  return body.read(buffer);
}

IoStatus H1Transport::send_informational(int status, const http::Fields& fields) {
  if (head_sent_) return base::fail(IoError::kState);
  if (status == 100) continue_sent_ = true;
  std::string head(http::StatusLine(status).text());
  return inform(head.append(fields.wire()).append("\r\n"));
}

// The loop must not answer into the middle of it.
IoStatus H1Transport::inform(std::string_view head) {
  if (!setting_.commit->begin_informing()) return base::fail(IoError::kTimedOut);
  output.bytes().append(head);
  auto sent = output.flush();
  if (!setting_.commit->end_informing()) return base::fail(IoError::kTimedOut);
  return sent;
}

bool H1Transport::body_ends_connection() const noexcept {
  if (body.at_end()) [[likely]]
    return false;
  if (body.broken()) return true;
  // A client that was never told to go on may or may not send its body (RFC 9110 s10.1.1).
  if (setting_.expect_continue && !continue_sent_) return true;
  // A handler that has begun to read may well read all of it; one that has not will not.
  if (body.touched()) return false;
  return body.chunked() || body.remaining() > setting_.service->options().unread_body_bytes;
}

[[gnu::always_inline]] inline void H1Transport::put_head(int status, const http::Fields& fields,
                                                         const BodyPlan& plan) {
  base::Buffer& out = output.bytes();
  const std::size_t before = out.size();
  char* const begin =
      out.extend(kStatusLine + fields.bytes() + kOwnFields + plan.trailer_names.size());
  char* at = base::copy_text(put_status_line(begin, status), fields.wire());
  if (!plan.has_date) at = base::copy_text(at, dates.line(setting_.now, setting_.service->clock()));
  if (plan.length && (coding_ == Coding::kLength || !http::body_forbidden(status))) {
    at = put_length(at, *plan.length);
  } else if (coding_ == Coding::kChunked) {
    at = base::copy_text(at, "Transfer-Encoding: chunked\r\n");
    if (!plan.trailer_names.empty()) {
      at = base::copy_text(base::copy_text(at, "Trailer: "), plan.trailer_names);
      at = base::copy_text(at, "\r\n");
    }
  }
  if (!keep_alive_) {
    at = base::copy_text(at, "Connection: close\r\n");
  } else if (setting_.minor_version == 0) {
    at = base::copy_text(at, "Connection: keep-alive\r\n");
  }
  at = base::copy_text(at, "\r\n");
  out.truncate(before + static_cast<std::size_t>(at - begin));
}

IoStatus H1Transport::send_response(int status, const http::Fields& fields, bool has_date,
                                    std::string_view content) {
  head_sent_ = true;
  coding_ = Coding::kLength;
  if (body_ends_connection() || setting_.service->draining()) keep_alive_ = false;
  BodyPlan plan;
  plan.length = content.size();
  plan.has_date = has_date;
  put_head(status, fields, plan);
  return output.write(content);
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
  if (plan.close || coding_ == Coding::kUntilClose || body_ends_connection() ||
      setting_.service->draining()) {
    keep_alive_ = false;
  }
  put_head(status, fields, plan);
  if (!plan.length && is_event_stream(fields)) setting_.connection->note_event_stream();
  return base::done();
}

IoStatus H1Transport::send_body(std::string_view bytes) {
  if (bytes.empty() || coding_ == Coding::kNone) return base::done();
  if (coding_ != Coding::kChunked) return output.write(bytes);
  const http::ChunkHead head(bytes.size());
  std::memcpy(output.bytes().extend(head.text().size()), head.text().data(), head.text().size());
  if (auto sent = output.write(bytes); !sent) return sent;
  output.bytes().append(http::kChunkEnd);
  return base::done();
}

IoStatus H1Transport::send_file(int file, std::uint64_t offset, std::uint64_t size) {
  if (size == 0 || coding_ == Coding::kNone) return base::done();
  if (coding_ == Coding::kChunked) return Transport::send_file(file, offset, size);
  return output.send_file(file, offset, size);
}

IoStatus H1Transport::finish(const http::Fields& trailers) {
  if (output.lost()) return base::fail(IoError::kClosed);
  if (coding_ != Coding::kChunked) return base::done();
  if (trailers.empty()) {
    output.bytes().append(http::kLastChunk);
  } else {
    std::string end;
    http::append_last_chunk(end, trailers);
    output.bytes().append(end);
  }
  return base::done();
}

IoStatus H1Transport::begin_hijack() {
  if (auto sent = output.flush(); !sent) return sent;
  if (!setting_.worker->release_loop()) return base::fail(IoError::kExhausted);
  setting_.worker->disregard_call();  // from here on it waits for its client
  return base::done();
}

std::unique_ptr<Hijacked> H1Transport::hijack() {
  auto hijacked = setting_.connection->hijack(*setting_.worker, body.raw_rest());
  hijacked_ = true;
  return hijacked;
}

void H1Transport::abort() noexcept {
  // A length that is not reached and a last chunk that does not come show the cut; bytes that end
  // by closing cannot, but for a reset.
  keep_alive_ = false;
  aborted_ = true;
}

}  // namespace berth::serve
