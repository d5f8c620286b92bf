// Where the control socket of a server lies that was not told: for the server, and for whoever
// looks for it. It opens nothing.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace berth::app {

// What decides it; empty: not set.
struct RuntimeEnvironment {
  std::string runtime_directory;  // $RUNTIME_DIRECTORY, which systemd sets; the first of a ':' list
  std::string xdg_runtime_dir;    // $XDG_RUNTIME_DIR, ignored unless absolute
  uid_t user = 0;                 // the effective user
};

// Of that folder, whatever the umask is: the group may reach the socket, others may not.
inline constexpr mode_t kControlFolderMode = 0750;

// The folder in which a server makes control.sock: $RUNTIME_DIRECTORY, else /run/berth as root,
// else $XDG_RUNTIME_DIR/berth; nullopt: a user without any of them.
[[nodiscard]] std::optional<std::string> control_folder(const RuntimeEnvironment& environment);

// Where a client looks for it, the likeliest first: control_folder(), then /run/berth and
// $XDG_RUNTIME_DIR/berth. Each once, never empty.
[[nodiscard]] std::vector<std::string> control_paths(const RuntimeEnvironment& environment);

}  // namespace berth::app
