// Why a read of a request's body or a write of a response did not happen. Not an HTTP status.
#pragma once

#include <string_view>

namespace berth::serve {

enum class IoError {
  kClosed,     // the client is gone, or the connection was cut
  kTimedOut,   // a deadline passed: the handler's, the body's rate or the write stall
  kState,      // too late or too early: the head is out, the response has ended, it was hijacked
  kInvalid,    // the caller's bug: a malformed field, a status out of range
  kTooLarge,   // the body is over the route's max_body, or more was written than was declared
  kMalformed,  // the client's framing is wrong: a bad chunk, a bad trailer
  kExhausted,  // limits.buffered or limits.client_waits is used up
};

// A short lower-case phrase for logs. Static storage.
[[nodiscard]] constexpr std::string_view text(IoError error) noexcept {
  switch (error) {
    case IoError::kClosed:
      return "connection closed";
    case IoError::kTimedOut:
      return "timed out";
    case IoError::kState:
      return "not possible in this state of the response";
    case IoError::kInvalid:
      return "invalid argument";
    case IoError::kTooLarge:
      return "too large";
    case IoError::kMalformed:
      return "malformed request body";
    case IoError::kExhausted:
      return "a limit of the server is used up";
  }
  return "unknown";
}

}  // namespace berth::serve
