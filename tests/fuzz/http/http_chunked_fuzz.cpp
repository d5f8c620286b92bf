// A chunked body read in one piece, in many, and again from what was read.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fuzz_check.h"
#include "http/chunk_encoder.h"
#include "http/chunked_decoder.h"
#include "http/trailers.h"

namespace {

using berth::fuzz::check;
using berth::fuzz::lies_in;
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

Outcome decode(std::string_view bytes, std::size_t step, ChunkedLimits limits,
               berth::http::Fields* trailers = nullptr) {
  ChunkedDecoder decoder(limits);
  Outcome outcome;
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string piece(rest.substr(0, step));
    const ChunkedDecoder::Step result = decoder.next(piece);
    check(result.consumed <= piece.size(), "consumed <= size");
    check(lies_in(result.data, std::string_view(piece).substr(0, result.consumed)),
          "data lies in what was consumed");
    check(result.data.empty() == (result.progress != Progress::kData), "data only when told");
    check(result.progress != Progress::kNeedMore || result.consumed == piece.size(),
          "more is wanted only when all was taken");
    outcome.data += result.data;
    outcome.consumed += result.consumed;
    rest.remove_prefix(result.consumed);
    outcome.progress = result.progress == Progress::kData ? Progress::kNeedMore : result.progress;
    if (result.progress == Progress::kDone || result.progress == Progress::kError) break;
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
  const Outcome outcome = decode(encoded, encoded.size(), {});
  check(outcome.progress == Progress::kDone, "what is encoded is decoded");
  check(outcome.data == data, "decode(encode(x)) == x");
  check(outcome.consumed == size, "the next request is left alone");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const ChunkedLimits tight{.max_line_bytes = 12,
                            .max_excess_bytes = 32,
                            .max_trailer_bytes = 24,
                            .max_trailer_fields = 2};
  for (const ChunkedLimits& limits : {ChunkedLimits{}, tight}) {
    berth::http::Fields trailers;
    const Outcome whole = decode(bytes, std::max(size, std::size_t{1}), limits, &trailers);
    for (const std::size_t step :
         {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{64}}) {
      check(decode(bytes, step, limits) == whole, "pieces end like the whole");
    }
    if (whole.progress != Progress::kDone) continue;
    check_round_trip(whole.data, trailers, 5);
  }
  check_round_trip(bytes, {}, 1 + size % 4096);
  return 0;
}
