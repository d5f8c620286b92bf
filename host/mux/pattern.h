// One route pattern, "[METHOD ][HOST]/[PATH]", taken apart. Not a matcher: that is Table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace berth::mux {

// What one "/" of a pattern is followed by.
struct Segment {
  enum class Kind : std::uint8_t {
    kLiteral,   // exactly this text
    kWildcard,  // {name}: one segment that is not empty
    kRest,      // {name...}, or a trailing slash: all that is left, possibly nothing
    kEnd,       // {$}: nothing, so the path ends with this slash
  };
  Kind kind;
  // kLiteral: the text, percent-decoded. kWildcard: the name. kRest: the name, empty for a trailing
  // slash. kEnd: empty.
  std::string text;
  friend bool operator==(const Segment&, const Segment&) = default;
};

// Why a text is no pattern.
struct PatternError {
  std::size_t offset;  // of the first byte at fault, from 0; the length where something is missing
  std::string text;    // one sentence without a final stop
};

// Immutable after parse. The grammar is that of Go 1.22's ServeMux; where Go takes a pattern that
// can never match, or that surely means something else, this refuses it:
//   - a path with an empty, "." or ".." segment, written plainly or percent-encoded, for any method
//   - "?", "#", "}", spaces and control characters in a path, a "%" that encodes nothing
//   - a host with a port (ports are stripped before matching) or with other than host characters
//   - a known method in the wrong case, white space before the method
//   - names with other than ASCII letters, digits and "_"
// Limits: base::limits::kPattern bytes, kPatternSegments segments, kMethod bytes of method.
class Pattern {
 public:
  [[nodiscard]] static base::Result<Pattern, PatternError> parse(std::string_view text);

  // The pattern as it was written: for messages.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  // Empty: every method.
  [[nodiscard]] const std::string& method() const noexcept { return method_; }
  // Lower case; empty: every host. An IPv6 address keeps its brackets.
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  // At least one; only the last may be kRest or kEnd.
  [[nodiscard]] const std::vector<Segment>& segments() const noexcept { return segments_; }
  // The names of its wildcards, left to right: those of the values of a Match.
  [[nodiscard]] std::vector<std::string_view> names() const;

  // Everything but the text as written.
  friend bool operator==(const Pattern& a, const Pattern& b) noexcept {
    return a.method_ == b.method_ && a.host_ == b.host_ && a.segments_ == b.segments_;
  }

 private:
  Pattern() = default;

  std::string text_;
  std::string method_;
  std::string host_;
  std::vector<Segment> segments_;
};

// The canonical spelling: parse(to_string(p)) == p.
[[nodiscard]] std::string to_string(const Pattern& pattern);

}  // namespace berth::mux
