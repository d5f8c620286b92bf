// Writes the chunked transfer coding (RFC 9112 s7.1): the lines around the data, not the data.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/fields.h"

namespace berth::http {

// The line before a chunk of data: its size in hexadecimal and CR LF, without allocating. After the
// data comes kChunkEnd.
class ChunkHead {
 public:
  // REQUIRES: data_bytes > 0; a chunk of size 0 would end the body.
  explicit ChunkHead(std::uint64_t data_bytes) noexcept;
  // Dies with this object.
  [[nodiscard]] std::string_view text() const noexcept {
    return {text_.data() + begin_, kBytes - begin_};
  }

 private:
  static constexpr std::size_t kBytes = 18;  // 16 digits, CR LF

  std::array<char, kBytes> text_;  // filled from the end
  std::size_t begin_;
};

inline constexpr std::string_view kChunkEnd = "\r\n";
// The last chunk of a body without trailers.
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

// Appends a whole chunk. Empty data appends nothing.
void append_chunk(std::string& out, std::string_view data);
// Appends the last chunk with these trailers (which may be none). Whether a name may be a trailer
// was decided when it was set.
void append_last_chunk(std::string& out, const Fields& trailers);

}  // namespace berth::http
