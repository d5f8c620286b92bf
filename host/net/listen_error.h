// Why a listener could not be had, and the way out. Not an Error: what is said and what helps are
// shown apart.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace berth::net {

struct ListenError {
  base::ErrorCode code;
  std::string text;  // one sentence without a final stop: names the listener and its address
  std::string help;  // the way out, or empty
};

// `listener "NAME"`, or only `listener` where it has none: how every text begins.
[[nodiscard]] inline std::string listener_text(std::string_view name) {
  std::string text = "listener";
  if (!name.empty()) text.append(" \"").append(name).append("\"");
  return text;
}

}  // namespace berth::net
