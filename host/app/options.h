// From the configuration's values to the options of the layers below, which know no configuration.
#pragma once

#include <cstddef>

#include "config/configuration.h"
#include "net/listener.h"
#include "observe/access_log.h"
#include "observe/log.h"
#include "sched/pool.h"
#include "serve/h1_connection.h"
#include "serve/options.h"

namespace berth::app {

[[nodiscard]] serve::Options serve_options(const config::Configuration& configuration);

// Without make_scratch, which is the service's. loops: one per core this process may run on.
[[nodiscard]] sched::PoolOptions pool_options(const config::Configuration& configuration,
                                              std::size_t loops);

// The address was checked when the configuration was read; an error here is the system's (a scope
// that is gone). REQUIRES: the listener's kind is kTcp.
[[nodiscard]] base::Result<net::ListenerOptions> listener_options(const config::Listener& listener);
// REQUIRES: the listener's kind is kUnix.
[[nodiscard]] base::Result<net::UnixListenerOptions> unix_listener_options(
    const config::Listener& listener);

// What connections of the configuration's index-th listener have in common. root: who answers
// there; null: the service's.
[[nodiscard]] serve::ListenerInfo listener_info(const config::Configuration& configuration,
                                                std::size_t index, serve::Handler* root);

[[nodiscard]] observe::LogOptions log_options(const config::Log& log);

// REQUIRES: log.access is not kOff.
[[nodiscard]] observe::AccessLogOptions access_log_options(const config::Log& log);

// "stdout", "stderr" or a path, as observe takes it. REQUIRES: not kOff.
[[nodiscard]] std::string output_of(const config::LogTarget& target);

// Cores this process may run on (sched_getaffinity), at least 1.
[[nodiscard]] std::size_t usable_cores() noexcept;

}  // namespace berth::app
