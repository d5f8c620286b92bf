// The listeners of a configuration, bound or taken over: all of them or everything that is wrong
// with them. They do not accept yet.
#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "config/configuration.h"
#include "config/diagnostic.h"
#include "net/inherited_sockets.h"
#include "net/listener.h"

namespace berth::app {

struct OpenListener {
  std::size_t index;  // in configuration.listeners; one that is inherited may be open several times
  net::Listener listener;
};

// Takes from `inherited` what listeners name. Errors: one finding for each listener that cannot be
// had, at its address; those that were opened are closed again, and their paths are gone.
[[nodiscard]] base::Result<std::vector<OpenListener>, std::vector<config::Diagnostic>>
open_listeners(const config::Configuration& configuration, net::InheritedSockets& inherited);

}  // namespace berth::app
