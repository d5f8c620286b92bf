// The decoder of the chunked transfer coding (RFC 9112 s7.1): finds the data in whatever pieces the
// bytes come, and copies none of it. It does not count the body against a limit: its caller does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "http/chunk_extensions.h"
#include "http/fields.h"
#include "http/request_error.h"

namespace berth::http {

struct ChunkedLimits {
  std::size_t max_line_bytes = base::limits::kChunkLine;       // of a chunk-size line with CR LF
  std::size_t max_excess_bytes = base::limits::kChunkExcess;   // overhead, see limits.h
  std::size_t max_trailer_bytes = base::limits::kHeaderBlock;  // what the head left of its budget
  std::size_t max_trailer_fields = base::limits::kHeaderFields;
};

// Strict: only CR LF ends a line; sizes are 1*HEXDIG of 63 bits in at most 16 digits; extensions
// are skipped but have to be some (RFC 9112 s7.1.1). Trailers named Content-Length,
// Transfer-Encoding, Host, Trailer and others that frame, route or authenticate are refused (RFC
// 9110 s6.5.1).
//
// One per body; reset() for the next. Not for several threads at once.
//
//   kSize -> [kExtensions ->] kSizeLf -> kData -> kDataCr -> kDataLf -> kSize ...
//                                +-- size 0 --> kTrailer -> kDone, kFailed from all
class ChunkedDecoder {
 public:
  enum class Progress : std::uint8_t {
    kNeedMore,  // all of the input was consumed
    kData,      // `data` is the next piece of the body, never empty
    kDone,      // the last chunk and the trailers are over
    kError,     // error() says why; stays until reset()
  };
  struct Step {
    Progress progress;
    std::size_t consumed;   // bytes of the input that are done with, data included; exact at kDone
    std::string_view data;  // a view into the input; empty unless kData
  };

  explicit ChunkedDecoder(ChunkedLimits limits = {}) noexcept : limits_(limits) {}

  // Goes on with the bytes that follow those consumed so far, up to the next piece of data, the end
  // or a fault. After kDone it consumes nothing: what follows belongs to the next request.
  [[nodiscard]] Step next(std::string_view input);

  // REQUIRES: kDone for all of them to be here. Views die at reset() and with the decoder.
  [[nodiscard]] const Fields& trailers() const noexcept { return trailers_; }
  // REQUIRES: kError.
  [[nodiscard]] RequestError error() const noexcept { return error_; }
  // Whether the last chunk and the trailers are over.
  [[nodiscard]] bool done() const noexcept { return state_ == State::kDone; }

  // Ready for another body; keeps the memory.
  void reset(ChunkedLimits limits) noexcept;

 private:
  enum class State : std::uint8_t {
    kSize,
    kExtensions,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailer,
    kDone,
    kFailed,
  };

  static constexpr std::uint64_t kChunkEndBytes = 2;  // CR LF after the data

  [[nodiscard]] State size_line_byte(char c) noexcept;
  [[nodiscard]] State trailer_byte(char c);
  [[nodiscard]] State end_of_size_line() noexcept;
  [[nodiscard]] State end_of_trailer_line();
  [[nodiscard]] State fail(RequestError error) noexcept;

  ChunkedLimits limits_;
  State state_ = State::kSize;
  RequestError error_ = RequestError::kBadChunk;
  std::uint8_t digits_ = 0;       // of the size being read
  ChunkExtensions extensions_;    // of the size line being read
  std::uint64_t size_ = 0;        // of the chunk, then what is left of it
  std::uint64_t line_bytes_ = 0;  // of the size line being read
  std::uint64_t excess_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::string line_;  // the trailer line being read
  Fields trailers_;
};

}  // namespace berth::http
