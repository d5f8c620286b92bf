// Conditional and partial requests (RFC 9110 s13 and s14) for a file with its validators. It sends
// nothing.
#pragma once

#include <berth/plugin.hpp>

#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace static_files {

// What tells one state of a file from another.
struct Validators {
  std::string etag;          // strong, with its quotes
  std::time_t modified = 0;  // 0: not told
};

enum class Verdict : std::uint8_t { kSend, kNotModified, kFailed };

// If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since, in the order of
// RFC 9110 s13.2.2: send it, 304 or 412. A date that is none is ignored.
[[nodiscard]] Verdict evaluate(const berth::Request& request, const Validators& validators);

// Which bytes of `size` are asked for.
struct Part {
  enum class Kind : std::uint8_t { kWhole, kPart, kUnsatisfiable };
  Kind kind = Kind::kWhole;
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

// Range and If-Range of a GET. One range of bytes is a part; several, other units, what is
// malformed, and any range of an empty file are ignored (RFC 9110 s14.2, Go), so the whole is sent.
[[nodiscard]] Part part_of(const berth::Request& request, const Validators& validators,
                           std::uint64_t size);

}  // namespace static_files
