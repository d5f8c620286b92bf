// What a failure of serve/ is called in the ABI. Not the way back: that is PluginHandler's.
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

// 0, or what the failure is called.
[[nodiscard]] inline std::int32_t abi_result(const serve::IoStatus& status) noexcept {
  return status.ok() ? BERTH_OK : abi_error(status.error());
}

}  // namespace berth::plugin
