// What the process knows of itself: where its binary and the shipped plugins lie, its version, its
// state folder, and whether colours are wanted.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/control_place.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "config/diagnostic.h"
#include "net/inherited_sockets.h"
#include "plugin/private_folder.h"

namespace berth::app {

// "0.1.0". Static storage.
[[nodiscard]] std::string_view version() noexcept;

// The path of the running binary; empty where /proc does not tell.
[[nodiscard]] std::string binary_path();

// A plugin's file as the configuration names it: with "/" as it is, a bare name in the folder of
// the shipped plugins (beside the binary in a build tree, else of its prefix).
[[nodiscard]] std::string plugin_path(const std::string& file);

// The SDK that belongs to the running binary.
struct SdkPlace {
  std::string package = {};           // the folder with BerthSDKConfig.cmake; empty: there is none
  std::string project_template = {};  // the folder of the project that `berth new` copies
  bool is_found = false;              // whether CMake finds the package unasked
};
[[nodiscard]] SdkPlace sdk_place();

// The descriptors this process was handed (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES); takes the three
// variables out of the environment, so that nobody below mistakes them for its own. All descriptors
// but the standard ones become close-on-exec: no child of a handler gets one. To be asked once,
// before anything opens a descriptor, starts a thread or loads a plugin. `of_supervisor`: they are
// from it, which could not know the number of this process before it was there; so LISTEN_PID is
// not looked at where it is not set.
[[nodiscard]] base::Result<net::InheritedSockets> take_inherited_sockets(
    bool of_supervisor = false);

// A descriptor whose number is the value of that variable, which is taken out of the environment;
// empty: there is none. To be asked before take_inherited_sockets().
[[nodiscard]] base::Descriptor take_descriptor(const char* variable);

// The value of that variable, which is taken out of the environment; nothing: it is not set.
[[nodiscard]] std::optional<std::string> take_variable(const char* variable);

// The environment that decides where state lies, as it is now: to be asked before any plugin loads.
[[nodiscard]] plugin::StateEnvironment state_environment();

// The environment that decides where the control socket lies, as it is now: likewise.
[[nodiscard]] RuntimeEnvironment runtime_environment();

// As root: sets $STATE_DIRECTORY and $RUNTIME_DIRECTORY, where they are not set, to what root's are
// without them, so that this process and what it starts find the same ones once they are another
// user. To be asked before any other thread starts, and before the environment is read.
void keep_places_of_root();

// Where crash reports are kept, below the state folder.
[[nodiscard]] std::string crash_folder(const std::string& state);

// Colours where it is a terminal, unless $NO_COLOR is set (no-color.org). To be asked before
// any other thread starts.
[[nodiscard]] config::Diagnostics::Colour colour_of_stderr();
[[nodiscard]] config::Diagnostics::Colour colour_of_stdout();

}  // namespace berth::app
