// What went wrong, for programs (a code) and for people (a text). Not for HTTP replies: those are
// statuses.
#pragma once

#include <string>
#include <string_view>

namespace berth::base {

// Each value names one kind of failure; there is no catch-all. Texts are not API, codes are.
enum class ErrorCode {
  kInvalidArgument,  // the caller or a file gave something that is malformed
  kNotFound,         // a file, symbol or name does not exist
  kPermission,       // the system or our own rules forbid it
  kAlreadyInUse,     // an address or a name is taken
  kExhausted,        // descriptors, memory, threads or a limit of ours ran out
  kTimedOut,         // a deadline passed
  kClosed,           // the peer or the owner closed it
  kIncompatible,     // built for something else: ABI, architecture, sanitizer
  kCorrupt,          // data contradicts itself: truncated, out of bounds
  kSystem,           // a system call failed in a way no code above names
};

// A short lower-case name of the code, as logs show it. Static storage.
[[nodiscard]] std::string_view name(ErrorCode code) noexcept;

struct Error {
  ErrorCode code;
  std::string text;  // one sentence without a final stop; names what was tried and with what
};

// "WHAT: TEXT-OF-ERRNO", with the code that fits errno_value (EACCES -> kPermission and so on).
[[nodiscard]] Error system_error(int errno_value, std::string_view what);

}  // namespace berth::base
