// Whom `user:` of a configuration names, and what root does so that a server can be that user. It
// gives up nothing itself: base/identity.h.
#pragma once

#include <optional>
#include <string>

#include "app/control_place.h"
#include "base/identity.h"
#include "base/result.h"
#include "config/configuration.h"
#include "config/diagnostic.h"

namespace berth::app {

// With all groups of the user, as initgroups(3) has it. Error: there are none of that name, or they
// are root, at the place of the value. REQUIRES: a user is named.
[[nodiscard]] base::Result<base::Identity, config::Diagnostic> find_user(const config::User& user);

// Whom this process has to become for what it is to run: root the one that is named, anybody else
// nobody. Errors as find_user; and where it is neither root nor that user.
[[nodiscard]] base::Result<std::optional<base::Identity>, config::Diagnostic> whom_to_become(
    const config::User& user);

// The folder of the state, and that of the control socket where it is in the default place, made or
// given to that user as by give_folder(). REQUIRES: root.
[[nodiscard]] base::Status<> prepare_folders(const std::string& state,
                                             const config::ControlSocket& control,
                                             const RuntimeEnvironment& runtime,
                                             const base::Identity& user);
// That of the state alone, where a process of this environment has it.
[[nodiscard]] base::Status<> prepare_state(const base::Identity& user);

}  // namespace berth::app
