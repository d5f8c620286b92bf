// The grammar of chunk extensions, byte by byte; not their meaning, which nobody here knows.
#pragma once

#include <cstdint>

namespace berth::http {

// RFC 9112 s7.1.1: *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ), in whatever
// pieces the bytes come. One for each chunk-size line.
class ChunkExtensions {
 public:
  // Takes the next byte behind the size. False: it has no place there, and the line is malformed.
  [[nodiscard]] bool take(char c) noexcept;
  // Whether the line may end behind the bytes taken so far: not within a quoted string, where
  // another reader might look for its end behind the line, nor where blanks or a name dangle.
  [[nodiscard]] bool may_end() const noexcept;

 private:
  enum class State : std::uint8_t {
    kBegin,
    kBlank,  // only ";" may follow
    kBeforeName,
    kName,
    kBehindName,
    kBeforeValue,
    kToken,
    kQuoted,
    kEscaped,
    kBehindQuoted,
  };

  [[nodiscard]] bool go_to(State state) noexcept;
  [[nodiscard]] bool take_between(char c, State behind_blank) noexcept;

  State state_ = State::kBegin;
};

}  // namespace berth::http
