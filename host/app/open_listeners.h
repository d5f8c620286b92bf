// The listeners of a configuration, bound or taken over: all of them or everything that is wrong
// with them. They do not accept yet.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/identity.h"
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

// How a supervisor calls the socket of a listener when it hands it to a host; likewise one that it
// was handed itself and that no listener named, by its name there. And back: the name of the
// latter, any other as it is.
[[nodiscard]] std::string planned_name(const config::Listener& listener);
[[nodiscard]] std::string planned_name(std::string_view inherited);
[[nodiscard]] std::string_view without_plan(std::string_view name) noexcept;
[[nodiscard]] bool is_planned_listener(std::string_view name) noexcept;
inline constexpr const char* kPlannedControl = "control";  // the control socket

// Takes from `inherited` what a supervisor has opened for a listener, and what listeners name.
// Errors: one finding for each listener that cannot be had, at its address; those that were opened
// are closed again, and their paths are gone. `user`: of root, whose the paths of Unix sockets are.
[[nodiscard]] base::Result<std::vector<OpenListener>, std::vector<config::Diagnostic>>
open_listeners(const config::Configuration& configuration, net::InheritedSockets& inherited,
               const std::optional<base::Identity>& user = std::nullopt);

}  // namespace berth::app
