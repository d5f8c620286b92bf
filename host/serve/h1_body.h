// The body of one HTTP/1 request: bytes that are here already, then what the stream brings. Length
// or chunked; waits for the client where its thread may.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/chunked_decoder.h"
#include "http/framing.h"
#include "net/stream.h"
#include "sched/worker.h"
#include "serve/transport.h"

namespace berth::serve {

class Service;

// One per worker, used by its thread for the exchange it serves at the moment.
class H1Body {
 public:
  // `received`: what lies in the worker's buffer behind the head (this body's bytes, then the next
  // request's). `room`: that part of the buffer as a whole, which chunked bodies read into.
  // head_bytes: for the trailers' budget.
  void begin(sched::Worker& worker, Service& service, net::Stream& stream,
             const http::Framing& framing, std::span<char> room, std::size_t received,
             std::size_t head_bytes, std::optional<base::TimePoint> deadline) noexcept {
    worker_ = &worker;
    service_ = &service;
    stream_ = &stream;
    room_ = room;
    begin_ = 0;
    end_ = received;
    remaining_ = framing.length;
    received_ = 0;
    started_.reset();
    deadline_ = deadline;
    limit_.reset();
    piece_ = {};
    chunked_ = framing.body == http::Framing::Body::kChunked;
    at_end_ = !chunked_ && remaining_ == 0;
    touched_ = broken_ = false;
    if (chunked_ || decoder_used_) [[unlikely]]
      begin_decoder(framing, head_bytes);
  }

  // At least one byte, or 0 at the end. May wait for the client.
  [[nodiscard]] IoResult<std::size_t> read(std::span<char> buffer);

  // Reads and drops up to `most` bytes; true: the end was reached, the connection can be used
  // again.
  [[nodiscard]] bool drain(std::uint64_t most);

  // The request's, as given to begin().
  [[nodiscard]] const std::optional<base::TimePoint>& deadline() const noexcept {
    return deadline_;
  }
  // A deadline of the handler's own; nullopt: none.
  void limit(std::optional<base::TimePoint> deadline) noexcept { limit_ = deadline; }

  // All that lies in the buffer behind what was read: as it came, but for the rest of a chunk.
  [[nodiscard]] std::string raw_rest() const {
    return std::string(piece_).append(room_.data() + begin_, end_ - begin_);
  }

  [[nodiscard]] bool at_end() const noexcept { return at_end_; }
  // Bytes of a body with a length that were not read yet.
  [[nodiscard]] std::uint64_t remaining() const noexcept { return remaining_; }
  [[nodiscard]] bool touched() const noexcept { return touched_; }
  [[nodiscard]] bool chunked() const noexcept { return chunked_; }
  // The stream failed, or the client's framing is wrong: the connection cannot be used again.
  [[nodiscard]] bool broken() const noexcept { return broken_; }
  // What follows the body in the buffer: the next request's bytes. REQUIRES: at_end().
  [[nodiscard]] std::string_view rest() const noexcept {
    return {room_.data() + begin_, end_ - begin_};
  }
  [[nodiscard]] const http::Fields& trailers() const noexcept { return decoder_.trailers(); }

 private:
  void begin_decoder(const http::Framing& framing, std::size_t head_bytes) noexcept;
  [[nodiscard]] IoResult<std::size_t> read_length(std::span<char> buffer);
  [[nodiscard]] IoResult<std::size_t> read_chunked(std::span<char> buffer);
  // Reads from the stream, waiting until the body's deadline.
  [[nodiscard]] IoResult<std::size_t> receive(std::span<char> buffer);
  [[nodiscard]] base::Failure<IoError> fail(IoError error) noexcept;

  sched::Worker* worker_ = nullptr;
  Service* service_ = nullptr;
  net::Stream* stream_ = nullptr;
  std::span<char> room_;
  std::size_t begin_ = 0;  // of the bytes in room_ that were not used yet
  std::size_t end_ = 0;
  std::uint64_t remaining_ = 0;
  std::uint64_t received_ = 0;              // from the stream: for the minimum rate
  std::optional<base::TimePoint> started_;  // of the first wait
  std::optional<base::TimePoint> deadline_;
  std::optional<base::TimePoint> limit_;
  http::ChunkedDecoder decoder_;
  std::string_view piece_;  // decoded, not handed out yet: in room_
  bool decoder_used_ = false;
  bool chunked_ = false;
  bool at_end_ = true;
  bool touched_ = false;
  bool broken_ = false;
};

}  // namespace berth::serve
