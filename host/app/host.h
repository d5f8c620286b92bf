// The host process from its configuration to its exit code: what `berth run` starts, or is.
#pragma once

#include "app/start.h"

namespace berth::app {

// Serves until a signal ends it: SIGTERM, SIGINT and SIGQUIT stop gracefully, the second one at
// once; SIGHUP reloads. Called on the main thread, once. 0: stopped; 1: refused to
// start, and stderr says why.
//
// `berth host`, with the number of a link to a supervisor in $BERTH_LINK: then its sockets are that
// one's, it tells that one how it does (base/host_link.h), and stops gracefully if that one ends.
// With `standby` it makes all it needs, and waits until that one says that it is its turn.
[[nodiscard]] int run_host(const RunOptions& options);

}  // namespace berth::app
