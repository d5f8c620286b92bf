// `berth run`: the supervisor with the hosts it starts, or a host alone.
#pragma once

#include "app/start.h"

namespace berth::cli {

// Exit codes: 0 stopped in order; 1 refused, and stderr says why, or not ended in order.
[[nodiscard]] int run(const app::RunOptions& options, bool supervised);

}  // namespace berth::cli
