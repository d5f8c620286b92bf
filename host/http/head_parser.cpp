#include "http/head_parser.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "http/byte_scan.h"
#include "http/token.h"

namespace berth::http {
namespace {

bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

// The value between two places without the blanks around it (RFC 9112 s5.1). Of what may stand in a
// value only blanks are not above SP. REQUIRES: *end is CR, *(begin - 1) is the colon.
[[gnu::always_inline]] inline std::string_view trimmed(const char* begin,
                                                       const char* end) noexcept {
  const auto low = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  if (*begin == ' ') ++begin;  // one blank, as nearly all have
  if (!low(*begin) && !low(end[-1])) [[likely]]
    return {begin, static_cast<std::size_t>(end - begin)};
  while (low(*begin) && begin != end) ++begin;
  while (low(end[-1]) && begin != end) --end;
  return {begin, static_cast<std::size_t>(end - begin)};
}

// What read_at_once may read behind the end: from a name that begins before it to the line feed.
constexpr std::size_t kRoom = 3 * scan::kBlock;

// REQUIRES: as many bytes are there.
template <std::size_t size>
[[gnu::always_inline]] inline bool begins_with(const char* at, const char (&text)[size]) noexcept {
  return std::memcmp(at, text, size - 1) == 0;  // of a constant size: compares of words
}

}  // namespace

// One call of parse(). Each stage reads its part of the head and returns whether to go on; where
// the bytes run out it leaves its name in state_ and begins again there. What the loops touch lives
// here and not in the parser, so that it stays in registers; that takes inlining all of it into
// run().
class HeadParser::Scan {
 public:
  [[gnu::always_inline]] Scan(HeadParser& parser, std::string_view received) noexcept
      : parser_(parser),
        data_(received.data()),
        received_end_(data_ + received.size()),
        at_(data_ + parser.position_),
        mark_(data_ + parser.mark_) {
    bound();
  }

  [[gnu::always_inline]] void run() {
    walk(parser_.state_);
    parser_.position_ = offset(at_);
    parser_.mark_ = offset(mark_);
  }

 private:
  [[gnu::always_inline]] void walk(State stage) {
    for (;;) {
      switch (stage) {
        case State::kLeading:
          if (!leading()) return;
          [[fallthrough]];
        case State::kMethod:
          if (!method()) return;
          [[fallthrough]];
        case State::kTarget:
          if (!target()) return;
          [[fallthrough]];
        case State::kVersion:
          if (!version()) return;
          [[fallthrough]];
        case State::kVersionLf:
          if (!line_feed(State::kVersionLf)) return;
          [[fallthrough]];
        case State::kLineStart:
          if (!line_start()) return;
          if (*at_ == '\r') {
            ++at_;
            stage = State::kFinalLf;
            continue;
          }
          [[fallthrough]];
        case State::kName:
          if (!name()) return;
          [[fallthrough]];
        case State::kValue:
          if (!value()) return;
          [[fallthrough]];
        case State::kValueLf:
          if (!line_feed(State::kValueLf)) return;
          keep_field();
          stage = State::kLineStart;
          continue;
        case State::kFinalLf:
          if (line_feed(State::kFinalLf)) parser_.state_ = State::kDone;
          return;
        case State::kDone:
        case State::kFailed:
          return;
      }
    }
  }

  // RFC 9112 s2.2: empty lines before the request line. mark_ is where the current line begins.
  [[gnu::always_inline]] bool leading() noexcept {
    for (;; ++at_) {
      if (at_ == received_end_) return pause(State::kLeading);
      if (at_ != mark_) {
        if (*at_ != '\n') return fail(RequestError::kBareCr);
        mark_ = at_ + 1;
      } else if (*at_ == '\n') {
        return fail(RequestError::kBareLf);
      } else if (*at_ != '\r') {
        break;
      } else if (offset(at_) == 2 * base::limits::kLeadingEmptyLines) {
        return fail(RequestError::kBadRequestLine);
      }
    }
    parser_.start_ = offset(at_);
    bound();
    return true;
  }

  [[gnu::always_inline]] bool method() noexcept {
    at_ = find_token_end(at_, at_most(base::limits::kMethod + 1));
    const std::size_t size = since_mark();
    if (size > base::limits::kMethod) return fail(RequestError::kMethodTooLong);
    if (at_ == end_) return wait(State::kMethod);
    if (size == 0 || *at_ != ' ') return fail_at_byte(RequestError::kBadMethod);
    parser_.head_.method = {mark_, size};
    mark_ = ++at_;
    return true;
  }

  [[gnu::always_inline]] bool target() noexcept {
    at_ = find_target_end(at_, at_most(parser_.limits_.max_target_bytes + 1));
    const std::size_t size = since_mark();
    if (size > parser_.limits_.max_target_bytes) return fail(RequestError::kTargetTooLong);
    if (at_ == end_) return wait(State::kTarget);
    if (*at_ == '\r') return fail(RequestError::kBadRequestLine);  // HTTP/0.9
    if (*at_ != ' ') return fail_at_byte(RequestError::kBadTarget);
    if (size == 0) return fail(RequestError::kBadRequestLine);
    parser_.target_ = offset(mark_);
    parser_.head_.target = {mark_, size};
    mark_ = ++at_;
    return true;
  }

  // RFC 9112 s2.3: "HTTP/" DIGIT "." DIGIT, and the CR behind it.
  [[gnu::always_inline]] bool version() noexcept {
    static constexpr std::string_view kShape = "HTTP/1.1\r";
    if (at_ == mark_ && static_cast<std::size_t>(end_ - at_) >= kShape.size() &&
        std::memcmp(at_, kShape.data(), kShape.size()) == 0) {
      at_ += kShape.size();
      return true;
    }
    for (; since_mark() < kShape.size(); ++at_) {
      if (at_ == end_) return wait(State::kVersion);
      const std::size_t index = since_mark();
      if (index != 5 && index != 7) {
        if (*at_ != kShape[index]) return fail_at_byte(RequestError::kBadVersion);
        continue;
      }
      if (!character::is(*at_, character::kDigit)) return fail_at_byte(RequestError::kBadVersion);
      if (index == 7 && (mark_[5] != '1' || *at_ > '1')) {
        return fail(RequestError::kVersionNotSupported);
      }
      parser_.minor_version_ = static_cast<std::uint8_t>(*at_ - '0');  // of index 7 in the end
    }
    return true;
  }

  [[gnu::always_inline]] bool line_start() noexcept {
    if (at_ == end_) return wait(State::kLineStart);
    mark_ = at_;
    return true;
  }

  // RFC 9112 s5.1: nothing between the name and the colon.
  [[gnu::always_inline]] bool name() noexcept {
    at_ = find_token_end(at_, end_);
    if (at_ == end_) return wait(State::kName);
    if (at_ == mark_)
      return fail_at_byte(is_blank(*at_) ? RequestError::kObsFold : RequestError::kBadFieldName);
    if (*at_ != ':') return fail_at_byte(RequestError::kBadFieldName);
    if (parser_.field_count_ == parser_.limits_.max_fields) {
      return fail(RequestError::kTooManyFields);
    }
    parser_.name_ = offset(mark_);
    parser_.name_size_ = since_mark();
    mark_ = ++at_;
    return true;
  }

  [[gnu::always_inline]] bool value() noexcept {
    at_ = find_value_end(at_, end_);
    if (at_ == end_) return wait(State::kValue);
    if (*at_ != '\r') return fail_at_byte(RequestError::kBadFieldValue);
    ++at_;
    return true;
  }

  // From mark_ to CR LF stands the value.
  [[gnu::always_inline]] void keep_field() {
    if (parser_.field_count_ == parser_.fields_.size()) parser_.fields_.emplace_back();
    parser_.fields_[parser_.field_count_++] = {{data_ + parser_.name_, parser_.name_size_},
                                               trimmed(mark_, at_ - 2)};
  }

  // RFC 9112 s2.2: a CR was read, only LF may follow.
  [[gnu::always_inline]] bool line_feed(State state) noexcept {
    if (at_ == end_) return wait(state);
    if (*at_ != '\n') return fail(RequestError::kBareCr);
    ++at_;
    return true;
  }

  [[nodiscard]] std::size_t offset(const char* byte) const noexcept {
    return static_cast<std::size_t>(byte - data_);
  }
  [[nodiscard]] std::size_t since_mark() const noexcept {
    return static_cast<std::size_t>(at_ - mark_);
  }
  // So many bytes behind mark_, or the end.
  [[nodiscard]] const char* at_most(std::size_t bytes) const noexcept {
    return bytes < static_cast<std::size_t>(end_ - mark_) ? mark_ + bytes : end_;
  }

  // The head may not reach beyond its limit, however many bytes came at once: the same fault is
  // found whether they come in one piece or in many.
  [[gnu::always_inline]] void bound() noexcept {
    const char* const start = data_ + parser_.start_;
    const auto size = static_cast<std::size_t>(received_end_ - start);
    end_ = start + std::min(size, parser_.limits_.max_head_bytes);
  }

  [[gnu::always_inline]] bool wait(State state) noexcept {
    if (offset(at_) == parser_.start_ + parser_.limits_.max_head_bytes) {
      return fail(RequestError::kHeadTooLarge);
    }
    return pause(state);
  }

  [[gnu::always_inline]] bool pause(State state) noexcept {
    parser_.state_ = state;
    return false;
  }

  [[gnu::always_inline]] bool fail(RequestError error) noexcept {
    parser_.state_ = State::kFailed;
    parser_.error_ = error;
    return false;
  }

  // A line feed out of place is a fault of its own, wherever it stands.
  [[gnu::always_inline]] bool fail_at_byte(RequestError error) noexcept {
    return fail(*at_ == '\n' ? RequestError::kBareLf : error);
  }

  HeadParser& parser_;
  const char* const data_;
  const char* const received_end_;
  const char* end_ = nullptr;  // of the bytes that may belong to the head
  const char* at_;
  const char* mark_;  // where the method, target, version, name or value begins
};

// A few instructions a byte group instead of a state for each byte that could be the last one.
// Where there is room to read behind the end, a run may seem to end there, and a line may begin
// before the end and end behind it: that is looked at once a line.
template <bool room>
[[gnu::always_inline]] inline bool HeadParser::read_at_once(std::string_view received) noexcept {
  constexpr std::ptrdiff_t kLineEnd = 2;
  const char* const data = received.data();
  const char* const end = data + std::min(received.size(), limits_.max_head_bytes);

  const char* at = data;
  if (end - at >= 4 && begins_with(at, "GET ")) [[likely]] {
    at += 3;
  } else {
    at = find_token_end(at, end);
  }
  const auto method_size = static_cast<std::size_t>(at - data);
  if (method_size == 0 || method_size > base::limits::kMethod) return false;
  if (at == end || *at != ' ') return false;

  const char* const target = ++at;
  at = scan::find<scan::Target, room>(at, end);
  const auto target_size = static_cast<std::size_t>(at - target);
  if (target_size == 0 || target_size > limits_.max_target_bytes) return false;
  if (end - at < 11 || !begins_with(at, " HTTP/1.1\r\n")) return false;
  at += 11;

  Field* field = fields_.data();
  Field* const fields_end = field + std::min(fields_.size(), limits_.max_fields);
  for (;; ++field) {
    if (!room && at == end) return false;
    if (*at == '\r') break;
    const char* const name = at;
    at = find_field_name_end<room>(at, end);
    if ((!room && at == end) || *at != ':' || at == name || field == fields_end) return false;
    const char* const colon = at;
    at = scan::find<scan::Value, room>(at + 1, end);
    if ((!room && end - at < kLineEnd) || !begins_with(at, "\r\n")) return false;
    *field = {{name, static_cast<std::size_t>(colon - name)}, trimmed(colon + 1, at)};
    at += kLineEnd;
    if (room && at >= end) return false;  // what was read may lie behind the end
  }
  if (end - at < kLineEnd || !begins_with(at, "\r\n")) return false;

  state_ = State::kDone;
  position_ = static_cast<std::size_t>(at + kLineEnd - data);
  target_ = static_cast<std::size_t>(target - data);
  field_count_ = static_cast<std::size_t>(field - fields_.data());
  head_ = {{data, method_size}, {target, target_size}, 1, {fields_.data(), field_count_}};
  return true;
}

HeadParser::Progress HeadParser::parse(std::string_view received, std::size_t readable) {
  if (state_ == State::kDone) [[unlikely]]
    reset();
  assert(received.size() >= position_ && (readable == 0 || readable >= received.size()));
  if (position_ == 0) [[likely]] {
    const bool room = readable >= received.size() + kRoom;
    if (room ? read_at_once<true>(received) : read_at_once<false>(received)) [[likely]]
      return Progress::kComplete;
  }
  return parse_on(received);
}

HeadParser::Progress HeadParser::parse_on(std::string_view received) {
  if (state_ != State::kFailed) Scan(*this, received).run();
  if (state_ == State::kFailed) return Progress::kError;
  if (state_ != State::kDone) {
    keep_offsets(received.data());
    return Progress::kIncomplete;
  }
  make_views(received.data());
  return Progress::kComplete;
}

void HeadParser::rebase(std::string_view received) {
  assert(state_ == State::kDone && received.size() >= position_);
  keep_offsets(head_.method.data() - start_);
  make_views(received.data());
}

void HeadParser::keep_offsets(const char* data) {
  entries_.reserve(field_count_);
  for (; entries_.size() < field_count_;) {
    const auto& [name, value] = fields_[entries_.size()];
    entries_.push_back({static_cast<std::size_t>(name.data() - data), name.size(),
                        static_cast<std::size_t>(value.data() - data), value.size()});
  }
}

void HeadParser::make_views(const char* data) noexcept {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    fields_[i] = {{data + entry.name, entry.name_size}, {data + entry.value, entry.value_size}};
  }
  head_.method = {data + start_, head_.method.size()};
  head_.target = {data + target_, head_.target.size()};
  head_.minor_version = minor_version_;
  head_.fields = {fields_.data(), field_count_};
}

}  // namespace berth::http
