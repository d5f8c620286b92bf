// The listening socket of the control API: where it is put, with which mode. Not what answers
// there.
#pragma once

#include "app/control_place.h"
#include "base/result.h"
#include "config/configuration.h"
#include "config/diagnostic.h"
#include "net/listener.h"

namespace berth::app {

// Binds it with mode 0660; makes the default folder (0750) where it is missing. Somebody else's
// live socket is never taken (net::UnixPath). REQUIRES: socket.kind is not kOff.
[[nodiscard]] base::Result<net::Listener, net::ListenError> open_control_socket(
    const config::ControlSocket& socket, const RuntimeEnvironment& environment);

// Why a server does not start without the one it was told.
[[nodiscard]] config::Diagnostic no_control_socket(const config::ControlSocket& socket,
                                                   net::ListenError error);

}  // namespace berth::app
