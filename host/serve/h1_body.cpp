#include "serve/h1_body.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "base/limits.h"
#include "net/wait.h"
#include "sched/client_wait.h"
#include "serve/service.h"

namespace berth::serve {

void H1Body::begin_decoder(const http::Framing& framing, std::size_t head_bytes) noexcept {
  http::ChunkedLimits limits;
  if (framing.body == http::Framing::Body::kChunked) {
    const auto& head = service_->options().head;
    limits.max_line_bytes = service_->options().chunk_line_bytes;
    limits.max_excess_bytes = service_->options().chunk_excess_bytes;
    limits.max_trailer_bytes = head.max_head_bytes - std::min(head.max_head_bytes, head_bytes);
    limits.max_trailer_fields = head.max_fields;
  }
  decoder_.reset(limits);  // of a body with a length: no trailers
  decoder_used_ = chunked_;
}

base::Failure<IoError> H1Body::fail(IoError error) noexcept {
  broken_ = true;
  return base::fail(error);
}

IoResult<std::size_t> H1Body::read(std::span<char> buffer) {
  touched_ = true;
  if (at_end_) return std::size_t{0};
  if (broken_) return base::fail(IoError::kClosed);
  return chunked_ ? read_chunked(buffer) : read_length(buffer);
}

IoResult<std::size_t> H1Body::read_length(std::span<char> buffer) {
  std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), remaining_));
  if (begin_ < end_) {
    want = std::min(want, end_ - begin_);
    std::memcpy(buffer.data(), room_.data() + begin_, want);
    begin_ += want;
  } else {
    auto got = receive(buffer.first(want));
    if (!got) return got;
    want = *got;
  }
  remaining_ -= want;
  at_end_ = remaining_ == 0;
  return want;
}

IoResult<std::size_t> H1Body::read_chunked(std::span<char> buffer) {
  while (piece_.empty()) {
    if (begin_ == end_) {
      begin_ = end_ = 0;  // all of it was decoded and handed out
      auto got = receive(room_);
      if (!got) return got;
      end_ = *got;
    }
    const auto step = decoder_.next({room_.data() + begin_, end_ - begin_});
    begin_ += step.consumed;
    switch (step.progress) {
      case http::ChunkedDecoder::Progress::kNeedMore:
        break;
      case http::ChunkedDecoder::Progress::kData:
        piece_ = step.data;
        break;
      case http::ChunkedDecoder::Progress::kDone:
        at_end_ = true;
        return std::size_t{0};
      case http::ChunkedDecoder::Progress::kError:
        return fail(IoError::kMalformed);
    }
  }
  const std::size_t bytes = std::min(buffer.size(), piece_.size());
  std::memcpy(buffer.data(), piece_.data(), bytes);
  piece_.remove_prefix(bytes);
  return bytes;
}

IoResult<std::size_t> H1Body::receive(std::span<char> buffer) {
  for (;;) {
    const net::IoResult result = stream_->read(buffer);
    switch (result.kind) {
      case net::IoResult::Kind::kBytes:
        received_ += result.bytes;
        worker_->note_progress();
        return result.bytes;
      case net::IoResult::Kind::kEnd:
      case net::IoResult::Kind::kError:
        return fail(IoError::kClosed);
      case net::IoResult::Kind::kWouldBlock:
        break;
    }
    const sched::ClientWait wait(*worker_);
    if (!wait.allowed()) return fail(IoError::kExhausted);
    const Options& options = service_->options();
    if (!started_) started_ = service_->clock().now();
    // The minimum rate as a deadline that every byte puts off (faults.md 2).
    const auto earned = std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(
        static_cast<double>(received_) /
        static_cast<double>(std::max<std::uint64_t>(options.body_rate, 1))));
    base::TimePoint until = *started_ + options.body_grace + earned;
    if (deadline_) until = std::min(until, *deadline_);
    if (limit_) until = std::min(until, *limit_);
    if (net::wait_readable(stream_->fd(), until) != net::WaitResult::kReady) {
      return fail(IoError::kTimedOut);
    }
  }
}

bool H1Body::drain(std::uint64_t most) {
  std::array<char, 16 * 1024> dropped;
  while (!at_end_) {
    auto got = read(dropped);
    if (!got) return false;
    if (*got > most) return false;
    most -= *got;
  }
  return true;
}

}  // namespace berth::serve
