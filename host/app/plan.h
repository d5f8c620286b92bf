// `berth plan`: opens the sockets of a configuration for a supervisor, which reads none, and hands
// them over. It serves nothing and loads no plugin.
#pragma once

#include "app/start.h"

namespace berth::app {

// Hands every listener, the control socket and what was inherited and is named by no listener to
// the other end of the channel whose number is in $BERTH_PLAN (net/socket_plan.h); nothing of them
// is removed when the process ends. 0: it has them; 1: refused, and stderr says why.
[[nodiscard]] int run_plan(const RunOptions& options);

}  // namespace berth::app
