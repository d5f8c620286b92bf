// A request's raw path cut at its slashes, judged and decoded. Nothing here knows a pattern.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/limits.h"

namespace berth::mux {

// What follows each "/" of a path: "/a/b" has the pieces "a" and "b", "/a/" has "a" and "", "/" has
// "". By their places in the raw path. Left uninitialized by its maker, set by cut or cut_cleaned.
class Pieces {
 public:
  // One more than a pattern has: what is beyond cannot take part in a match, only be counted.
  static constexpr std::size_t kKept = base::limits::kPatternSegments + 1;

  // Of all pieces, also those not kept.
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  // Whether a "%" is in some piece.
  [[nodiscard]] bool encoded() const noexcept { return encoded_; }
  // REQUIRES: i < min(count(), kKept).
  [[nodiscard]] std::uint32_t offset(std::size_t i) const noexcept { return bounds_[i].begin; }
  [[nodiscard]] std::uint32_t length(std::size_t i) const noexcept {
    return bounds_[i + 1].end_before - bounds_[i].begin;
  }
  [[nodiscard]] std::string_view text(std::size_t i, std::string_view raw_path) const noexcept {
    return {raw_path.data() + offset(i), length(i)};
  }

  void clear(bool encoded) noexcept {
    count_ = 0;
    encoded_ = encoded;
  }
  void set_encoded(bool encoded) noexcept { encoded_ = encoded; }
  void push(std::size_t begin, std::size_t end) noexcept {
    begin_piece(begin);
    end_piece(end);
  }
  // The next piece begins behind this slash, the one before it ends there.
  void slash_at(std::size_t slash) noexcept {
    if (count_ <= kKept) {
      bounds_[count_] = {static_cast<std::uint32_t>(slash), static_cast<std::uint32_t>(slash + 1)};
    }
    ++count_;
  }
  void pop() noexcept { --count_; }
  // push in two steps.
  void begin_piece(std::size_t begin) noexcept {
    if (count_ <= kKept) bounds_[count_].begin = static_cast<std::uint32_t>(begin);
    ++count_;
  }
  void end_piece(std::size_t end) noexcept {
    if (count_ <= kKept) bounds_[count_].end_before = static_cast<std::uint32_t>(end);
  }

 private:
  // Around one slash: where the piece before it ends and the one behind it begins.
  struct Bound {
    std::uint32_t end_before;
    std::uint32_t begin;
  };

  std::size_t count_;
  bool encoded_;
  std::array<Bound, kKept + 1> bounds_;
};

enum class PathState : std::uint8_t {
  kClean,
  kEmptyPieces,  // has an empty piece before the last, or is empty itself
  kDotPieces,    // has a "." or ".." piece
  // Does not begin with "/", has a "%" without two hexadecimal digits, or a piece that only decodes
  // to "." or "..". Such a piece has no honest use: cleaning it would change what it names, and
  // passing it on would hand a handler a path that climbs (CVE-2021-41773).
  kBad,
};

// As cut, with the path cleaned as Go's ServeMux does: empty and "." pieces left out, ".." takes
// the piece before it along, a final slash stays (so "/a/." is "/a"). REQUIRES: not kBad.
void cut_cleaned(std::string_view raw_path, Pieces& out) noexcept;

// What cut_cleaned cuts, as a path: begins with exactly one "/". Bytes that are illegal in a URI
// are percent-encoded, so that the text is safe in a Location field and no browser reads "/\host"
// as
// "//host". REQUIRES: not kBad.
[[nodiscard]] std::string cleaned(std::string_view raw_path);

// Whether text begins with "%" and two hexadecimal digits.
[[nodiscard]] bool is_escape(std::string_view text) noexcept;

// http::percent_decode without a string: percent-decodes raw into out and returns how many bytes
// that are, never more than raw has; nullopt where a "%" is not followed by two hexadecimal digits.
// REQUIRES: out has at least raw.size() bytes.
[[nodiscard]] std::optional<std::size_t> decode(std::string_view raw, std::span<char> out) noexcept;

// raw itself where it holds no "%"; else decoded into buffer, of which the result is a view.
// REQUIRES: raw is part of a path that is not kBad, buffer has at least raw.size() bytes.
[[nodiscard]] std::string_view decoded(std::string_view raw, std::span<char> buffer) noexcept;

// The text of one segment, encoded so that it can stand in a path or a pattern (RFC 3986 s3.3).
[[nodiscard]] std::string encode_segment(std::string_view text);

// A Host field's value without ":port"; brackets around an IPv6 address stay.
[[nodiscard]] std::string_view without_port(std::string_view host) noexcept;

// What is already encoded stays; bytes that are illegal in a URI (RFC 3986 s2) are encoded.
[[nodiscard]] std::string encode_illegal(std::string_view text);

}  // namespace berth::mux
