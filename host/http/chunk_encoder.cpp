#include "http/chunk_encoder.h"

#include <cassert>

namespace berth::http {

ChunkHead::ChunkHead(std::uint64_t data_bytes) noexcept : begin_(kBytes - kChunkEnd.size()) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  assert(data_bytes > 0);
  text_[begin_] = '\r';
  text_[begin_ + 1] = '\n';
  for (std::uint64_t rest = data_bytes; rest != 0; rest >>= 4U) {
    text_[--begin_] = kDigits[rest & 15U];
  }
}

void append_chunk(std::string& out, std::string_view data) {
  if (data.empty()) return;
  out.append(ChunkHead(data.size()).text());
  out.append(data);
  out.append(kChunkEnd);
}

void append_last_chunk(std::string& out, const Fields& trailers) {
  out.append("0\r\n");
  for (const Field trailer : trailers) {
    out.append(trailer.name).append(": ").append(trailer.value).append("\r\n");
  }
  out.append("\r\n");
}

}  // namespace berth::http
