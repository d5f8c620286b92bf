// A chunked body read in one piece, in many, and again from what was read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz/fuzz_check.h"
#include "http/chunk_encoder.h"
#include "http/chunked_decoder.h"
#include "http/trailers.h"

namespace {

using berth::fuzz::at_splits;
using berth::fuzz::check;
using berth::fuzz::chosen;
using berth::fuzz::lies_in;
using berth::fuzz::number_of;
using berth::http::ChunkedDecoder;
using berth::http::ChunkedLimits;
using berth::http::Field;
using Progress = ChunkedDecoder::Progress;

struct Outcome {
  Progress progress = Progress::kNeedMore;
  std::size_t consumed = 0;
  std::string data;
  std::string trailers;
  std::optional<berth::http::RequestError> error;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Reads a first piece of `first` bytes, then pieces of `step` bytes.
Outcome decode(std::string_view bytes, std::size_t first, std::size_t step, ChunkedLimits limits,
               berth::http::Fields* trailers = nullptr) {
  ChunkedDecoder decoder(limits);
  Outcome outcome;
  bool over = false;
  for (std::size_t next = first == 0 ? step : first; !bytes.empty() && !over; next = step) {
    next = std::min(next, bytes.size());
    // Elsewhere, with nothing behind it but what a sanitizer guards.
    const auto piece = std::make_unique<char[]>(next);
    std::memcpy(piece.get(), bytes.data(), next);
    bytes.remove_prefix(next);
    for (std::string_view rest(piece.get(), next); !rest.empty() && !over;) {
      const ChunkedDecoder::Step result = decoder.next(rest);
      check(result.consumed <= rest.size(), "consumed <= size");
      check(lies_in(result.data, rest.substr(0, result.consumed)),
            "data lies in what was consumed");
      check(result.data.empty() == (result.progress != Progress::kData), "data only when told");
      check(result.progress != Progress::kNeedMore || result.consumed == rest.size(),
            "more is wanted only when all was taken");
      outcome.data += result.data;
      outcome.consumed += result.consumed;
      rest.remove_prefix(result.consumed);
      outcome.progress = result.progress == Progress::kData ? Progress::kNeedMore : result.progress;
      over = result.progress == Progress::kDone || result.progress == Progress::kError;
    }
  }
  if (outcome.progress == Progress::kError) outcome.error = decoder.error();
  for (const Field trailer : decoder.trailers()) {
    check(berth::http::is_trailer_name(trailer.name), "no forbidden trailer");
    outcome.trailers.append(trailer.name).append(":").append(trailer.value).append("\n");
    if (trailers != nullptr) trailers->add(trailer.name, trailer.value);
  }
  return outcome;
}

void check_round_trip(std::string_view data, const berth::http::Fields& trailers,
                      std::size_t chunk_bytes) {
  std::string encoded;
  for (std::string_view rest = data; !rest.empty();) {
    berth::http::append_chunk(encoded, rest.substr(0, chunk_bytes));
    rest.remove_prefix(std::min(chunk_bytes, rest.size()));
  }
  berth::http::append_last_chunk(encoded, trailers);
  const std::size_t size = encoded.size();
  encoded += "GET / HTTP/1.1\r\n";
  const Outcome outcome = decode(encoded, encoded.size(), 1, {});
  check(outcome.progress == Progress::kDone, "what is encoded is decoded");
  check(outcome.data == data, "decode(encode(x)) == x");
  check(outcome.consumed == size, "the next request is left alone");
}

void check_bytes(std::string_view bytes, std::size_t number, const ChunkedLimits& limits) {
  berth::http::Fields trailers;
  const Outcome whole = decode(bytes, bytes.size(), 1, limits, &trailers);
  at_splits(bytes, number, [&](std::size_t at) {
    check(decode(bytes, at, std::max(bytes.size(), std::size_t{1}), limits) == whole,
          "two parts end like the whole");
  });
  if (chosen(number, 256)) {
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{64}}) {
      check(decode(bytes, step, step, limits) == whole, "pieces end like the whole");
    }
  }
  if (whole.progress == Progress::kDone && chosen(number, 4)) {
    check_round_trip(whole.data, trailers, 5);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t number = number_of(bytes);
  constexpr ChunkedLimits kTight{.max_line_bytes = 12,
                                 .max_excess_bytes = 32,
                                 .max_trailer_bytes = 24,
                                 .max_trailer_fields = 2};
  check_bytes(bytes, number, {});
  if (chosen(number, 4)) check_bytes(bytes, number, kTight);
  if (chosen(number, 64)) check_round_trip(bytes, {}, 1 + size % 4096);
  return 0;
}
