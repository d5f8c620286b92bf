// One HTTP/1.1 answer at the beginning of what a client has received; it receives nothing itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace berth::load {

struct Answer {
  int status = 0;
  std::string body = {};  // without its framing
  std::size_t size = 0;   // bytes of the input that were it
  bool close = false;     // the connection is closed behind it
};

enum class Parsed : std::uint8_t { kMore, kWhole, kWrong };

// A length, chunks, or neither, which is wrong: nothing but an end would tell that it is whole.
// Chunk extensions and trailers are wrong: no handler that is asked sends any. `answer` is kept for
// its memory.
[[nodiscard]] Parsed parse_answer(std::string_view input, Answer& answer);

}  // namespace berth::load
