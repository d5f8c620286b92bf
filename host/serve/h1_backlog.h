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

namespace berth::serve {

struct H1Backlog {
  std::string input;                       // from the first byte of a request on
  std::optional<http::HeadParser> parser;  // how far its head was parsed
  std::size_t need = 0;                    // bytes of input before it is worth another look
  std::optional<base::TimePoint>
      due;  // when the head, or the body that is read ahead, must be here
  base::Buffer output;
  std::size_t sent = 0;  // of output

  // Sends what the stream takes. False: the stream is lost. `progress` tells whether it took
  // anything.
  [[nodiscard]] bool send(net::Stream& stream, bool& progress) noexcept {
    while (sent < output.size()) {
      const net::IoResult result = stream.write(output.view().substr(sent));
      if (result.kind == net::IoResult::Kind::kWouldBlock) return true;
      if (!result.ok()) return false;
      sent += result.bytes;
      progress = true;
    }
    output = base::Buffer();
    sent = 0;
    return true;
  }

  [[nodiscard]] std::uint64_t bytes() const noexcept {
    return input.capacity() + output.capacity();
  }
  [[nodiscard]] bool empty() const noexcept { return input.empty() && output.empty() && !due; }
};

}  // namespace berth::serve
