// An upload of any size whose echo is checked as it comes back: memory stays small, and neither
// side waits for the other's end.
#pragma once

#include <cstdint>
#include <string>

namespace berth::e2e {

enum class BulkFraming : std::uint8_t { kLength, kChunked };

struct BulkEcho {
  std::uint64_t echoed = 0;  // body bytes that came back as they were sent
  std::string head;          // of the response
  std::string problem;       // empty: none
};

// POST /echo on 127.0.0.1:port with `bytes` bytes.
[[nodiscard]] BulkEcho bulk_echo(std::uint16_t port, std::uint64_t bytes, BulkFraming framing);

}  // namespace berth::e2e
