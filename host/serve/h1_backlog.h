// What an HTTP/1 connection keeps between two turns: bytes of a request that is not all here, bytes
// of responses the client has not taken. Most connections have none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "base/clock.h"
#include "http/head_parser.h"
#include "net/stream.h"
#include "serve/file_rest.h"

namespace berth::serve {

struct H1Backlog {
  std::string input;                       // from the first byte of a request on
  std::optional<http::HeadParser> parser;  // how far its head was parsed
  std::size_t need = 0;                    // bytes of input before it is worth another look
  std::optional<base::TimePoint>
      due;  // when the head, or the body that is read ahead, must be here
  base::Buffer output;
  std::size_t sent = 0;  // of output
  FileRest file;         // behind output

  enum class Sent : std::uint8_t {
    kAll,
    kBlocked,  // the stream takes no more for now
    kTurn,     // it may take more, but others have their turn first
    kLost,     // the stream is, or the file has become shorter
  };
  // Sends what the stream takes, within reason. `progress` tells whether it took anything.
  [[nodiscard]] Sent send(net::Stream& stream, bool& progress) noexcept;
  // Whether the client has something to take.
  [[nodiscard]] bool sending() const noexcept { return !output.empty() || !file.empty(); }

  [[nodiscard]] std::uint64_t bytes() const noexcept {
    return input.capacity() + output.capacity();
  }
  [[nodiscard]] bool empty() const noexcept { return input.empty() && !sending() && !due; }
};

}  // namespace berth::serve
