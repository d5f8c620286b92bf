#include "serve/h1_transport.h"

#include <array>
#include <cassert>
#include <charconv>
#include <cstring>

#include "base/limits.h"
#include "http/chunk_encoder.h"
#include "http/response_encoder.h"
#include "http/status.h"
#include "sched/source.h"
#include "serve/service.h"

namespace berth::serve {

namespace {

// The fields that framing and the connection add, put together where it costs least.
class HeadEnd {
 public:
  void add(std::string_view text) noexcept {
    assert(size_ + text.size() <= text_.size());
    std::memcpy(text_.data() + size_, text.data(), text.size());
    size_ += text.size();
  }
  void add(std::uint64_t number) noexcept {
    const auto end = std::to_chars(text_.data() + size_, text_.data() + text_.size(), number).ptr;
    size_ = static_cast<std::size_t>(end - text_.data());
  }
  [[nodiscard]] std::string_view text() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, 160> text_;  // all of them with a 20-digit length take 131
  std::size_t size_ = 0;
};

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
    output.bytes().append("HTTP/1.1 100 Continue\r\n\r\n");
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
  output.bytes().append(http::StatusLine(status).text());
  output.bytes().append(fields.wire());
  output.bytes().append("\r\n");
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

  base::Buffer& out = output.bytes();
  if (status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
  } else {
    out.append(http::StatusLine(status).text());
  }
  out.append(fields.wire());
  HeadEnd end;
  if (!plan.has_date) {
    end.add("Date: ");
    end.add(date(setting_.now));
    end.add("\r\n");
  }
  if (plan.length && (coding_ == Coding::kLength || !http::body_forbidden(status))) {
    end.add("Content-Length: ");
    end.add(*plan.length);
    end.add("\r\n");
  } else if (coding_ == Coding::kChunked) {
    end.add("Transfer-Encoding: chunked\r\n");
  }
  if (!keep_alive_) {
    end.add("Connection: close\r\n");
  } else if (setting_.minor_version == 0) {
    end.add("Connection: keep-alive\r\n");
  }
  end.add("\r\n");
  out.append(end.text());
  return base::done();
}

IoStatus H1Transport::send_body(std::string_view bytes) {
  if (bytes.empty() || coding_ == Coding::kNone) return base::done();
  if (coding_ != Coding::kChunked) return output.write(bytes);
  const http::ChunkHead head(bytes.size());
  output.bytes().append(head.text());
  if (auto sent = output.write(bytes); !sent) return sent;
  output.bytes().append(http::kChunkEnd);
  return base::done();
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

void H1Transport::abort() noexcept {
  // A length that is not reached and a last chunk that does not come show the cut; bytes that end
  // by closing cannot, but for a reset.
  keep_alive_ = false;
  aborted_ = true;
}

}  // namespace berth::serve
