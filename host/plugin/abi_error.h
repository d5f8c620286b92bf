// What a failure of serve/ is called in the ABI, and what a filter's is called there. What becomes
// of a handler's is failed_serve.h's.
#pragma once

#include <berth/abi.h>

#include <cstdint>

#include "serve/io_error.h"
#include "serve/transport.h"

namespace berth::plugin {

[[nodiscard]] constexpr std::int32_t abi_error(serve::IoError error) noexcept {
  switch (error) {
    case serve::IoError::kClosed:
      return BERTH_E_CLOSED;
    case serve::IoError::kTimedOut:
      return BERTH_E_TIMEOUT;
    case serve::IoError::kState:
      return BERTH_E_STATE;
    case serve::IoError::kInvalid:
      return BERTH_E_INVALID;
    case serve::IoError::kTooLarge:
      return BERTH_E_TOO_LARGE;
    case serve::IoError::kMalformed:  // the client's fault: no use in going on
      return BERTH_E_CLOSED;
    case serve::IoError::kExhausted:
      return BERTH_E_FAILED;
  }
  return BERTH_E_FAILED;
}

// So that abi_error() of it is `result` again, or BERTH_E_FAILED where the ABI does not know it.
[[nodiscard]] constexpr serve::IoError io_error(std::int32_t result) noexcept {
  switch (result) {
    case BERTH_E_CLOSED:
      return serve::IoError::kClosed;
    case BERTH_E_TIMEOUT:
      return serve::IoError::kTimedOut;
    case BERTH_E_STATE:
      return serve::IoError::kState;
    case BERTH_E_INVALID:
      return serve::IoError::kInvalid;
    case BERTH_E_TOO_LARGE:
      return serve::IoError::kTooLarge;
    default:
      return serve::IoError::kExhausted;
  }
}

// 0, or what the failure is called.
[[nodiscard]] inline std::int32_t abi_result(const serve::IoStatus& status) noexcept {
  return status.ok() ? BERTH_OK : abi_error(status.error());
}

}  // namespace berth::plugin
