#include "http/chunked_decoder.h"

#include <algorithm>
#include <limits>

#include "http/token.h"
#include "http/trailers.h"

namespace berth::http {
namespace {

constexpr std::uint64_t kMaxSize = std::numeric_limits<std::int64_t>::max();
constexpr std::uint8_t kMaxDigits = 16;

// REQUIRES: a hexadecimal digit.
std::uint64_t digit_value(char c) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= '9' ? byte - unsigned{'0'} : (byte | 0x20U) - 'a' + 10;
}

}  // namespace

ChunkedDecoder::Step ChunkedDecoder::next(std::string_view input) {
  std::size_t at = 0;
  while (at < input.size() && state_ != State::kDone && state_ != State::kFailed) {
    const char c = input[at];
    switch (state_) {
      case State::kData: {
        const std::uint64_t rest = input.size() - at;
        const std::string_view data = input.substr(at, std::min(size_, rest));
        size_ -= data.size();
        if (size_ == 0) state_ = State::kDataCr;
        return {Progress::kData, at + data.size(), data};
      }
      case State::kDataCr:
        if (c == '\r') {
          state_ = State::kDataLf;
        } else {
          state_ = fail(c == '\n' ? RequestError::kBareLf : RequestError::kBadChunk);
        }
        break;
      case State::kDataLf:
        state_ = c == '\n' ? State::kSize : fail(RequestError::kBareCr);
        break;
      case State::kTrailer:
        state_ = trailer_byte(c);
        break;
      default:
        state_ = size_line_byte(c);
        break;
    }
    ++at;
  }
  if (state_ == State::kDone) return {Progress::kDone, at, {}};
  if (state_ == State::kFailed) return {Progress::kError, at, {}};
  return {Progress::kNeedMore, at, {}};
}

// chunk-size [ chunk-ext ] CRLF. Sizes are read here, extensions only checked.
ChunkedDecoder::State ChunkedDecoder::size_line_byte(char c) noexcept {
  if (++line_bytes_ > limits_.max_line_bytes) return fail(RequestError::kChunkLineTooLong);
  if (state_ == State::kSizeLf) {
    return c == '\n' ? end_of_size_line() : fail(RequestError::kBareCr);
  }
  if (c == '\n') return fail(RequestError::kBareLf);
  if (state_ == State::kSize && character::is(c, character::kHexDigit)) {
    if (++digits_ > kMaxDigits || size_ > kMaxSize >> 4U) {
      return fail(RequestError::kChunkSizeTooLarge);
    }
    size_ = 16 * size_ + digit_value(c);
    return State::kSize;
  }
  if (digits_ == 0) return fail(RequestError::kBadChunk);
  if (c == '\r' && extensions_.may_end()) return State::kSizeLf;
  return extensions_.take(c) ? State::kExtensions : fail(RequestError::kBadChunk);
}

// The overhead rule of limits.h: many tiny chunks cost more than they carry.
ChunkedDecoder::State ChunkedDecoder::end_of_size_line() noexcept {
  const std::uint64_t overhead = excess_bytes_ + line_bytes_ + kChunkEndBytes;
  const std::uint64_t free = base::limits::kChunkFree + 2 * size_;
  excess_bytes_ = overhead > free ? overhead - free : 0;
  if (excess_bytes_ > limits_.max_excess_bytes) return fail(RequestError::kChunkOverhead);
  digits_ = 0;
  extensions_ = {};
  line_bytes_ = 0;
  return size_ == 0 ? State::kTrailer : State::kData;
}

// trailer-section CRLF. Every byte but the final CR LF counts to the budget.
ChunkedDecoder::State ChunkedDecoder::trailer_byte(char c) {
  if (c == '\n') {
    if (!line_.ends_with('\r')) return fail(RequestError::kBareLf);
    if (line_.size() == 1) return State::kDone;
  }
  const bool may_be_final = line_.empty() && c == '\r';
  if (!may_be_final && ++trailer_bytes_ > limits_.max_trailer_bytes) {
    return fail(RequestError::kTrailersTooLarge);
  }
  if (c != '\n') {
    line_.push_back(c);
    return State::kTrailer;
  }
  line_.pop_back();
  const State state = end_of_trailer_line();
  line_.clear();
  return state;
}

ChunkedDecoder::State ChunkedDecoder::end_of_trailer_line() {
  const std::string_view line = line_;
  if (line.front() == ' ' || line.front() == '\t') return fail(RequestError::kObsFold);
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trim_ows(line.substr(std::min(colon + 1, line.size())));
  if (colon == line.size() || !is_token(name) || !is_field_value(value) || !is_trailer_name(name)) {
    return fail(RequestError::kBadTrailer);
  }
  if (trailers_.size() == limits_.max_trailer_fields) return fail(RequestError::kTrailersTooLarge);
  trailers_.add(name, value);
  return State::kTrailer;
}

ChunkedDecoder::State ChunkedDecoder::fail(RequestError error) noexcept {
  error_ = error;
  return State::kFailed;
}

void ChunkedDecoder::reset(ChunkedLimits limits) noexcept {
  limits_ = limits;
  state_ = State::kSize;
  digits_ = 0;
  extensions_ = {};
  size_ = 0;
  line_bytes_ = 0;
  excess_bytes_ = 0;
  trailer_bytes_ = 0;
  line_.clear();
  trailers_.clear();
}

}  // namespace berth::http
