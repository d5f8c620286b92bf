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

// What follows one "/": a part of the raw path by its place.
struct Piece {
  std::uint32_t offset;
  std::uint32_t length;
  [[nodiscard]] std::string_view in(std::string_view raw_path) const noexcept {
    return {raw_path.data() + offset, length};
  }
};

// "/a/b" has the pieces "a" and "b", "/a/" has "a" and "" and "/" has "".
struct Pieces {
  // One more than a pattern has: what is beyond cannot take part in a match, only be counted.
  static constexpr std::size_t kKept = base::limits::kPatternSegments + 1;
  std::size_t count;                // of all pieces, also those not kept
  bool encoded;                     // a "%" is in some piece
  std::array<Piece, kKept> pieces;  // the first min(count, kKept) are set

  void push(Piece piece) noexcept {
    if (count < kKept) pieces[count] = piece;
    ++count;
  }
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

// Cuts the path at its slashes, percent-encoded ones not counted. out is set unless kBad. An empty
// path has no pieces. Paths over 4 GiB are not supported.
[[nodiscard]] PathState cut(std::string_view raw_path, Pieces& out) noexcept;

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
