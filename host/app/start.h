// What every start begins with: who may start a server, what was handed down, which configuration
// is served. For the host, and for the child that plans its sockets. It opens no socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "app/control_place.h"
#include "app/generation_source.h"
#include "app/generation_store.h"
#include "base/identity.h"
#include "base/result.h"
#include "config/environment.h"
#include "net/inherited_sockets.h"

namespace berth::app {

struct RunOptions {
  std::string file;  // of the configuration
  bool allow_root = false;
  // Where the configuration or a plugin is refused, the newest generation that is kept is served.
  bool last_good = false;
  // The generation that served before a host ended unexpectedly goes on, whatever the files say by
  // now; where it cannot, as last_good.
  std::optional<std::uint64_t> generation = std::nullopt;
  // It makes everything it needs, and serves when the supervisor says so.
  bool standby = false;
  // Of a host that root's supervisor starts: whom it becomes before it reads anything.
  std::optional<base::Identity> user = std::nullopt;
};

struct Start {
  net::InheritedSockets inherited;
  config::Environment environment;
  RuntimeEnvironment runtime;
  std::string state;  // the folder
  GenerationSource source;
  base::Result<GenerationStore> store;  // or why nothing is kept
  std::string because;                  // why it is not what the files say; empty: it is
  std::string findings;                 // about the files, rendered
  // Of root, whose folders are that user's by now: whom hosts have to be.
  std::optional<base::Identity> user = std::nullopt;
};

// Nothing: stderr says why. Called on the main thread, once, before anything opens a descriptor.
// Whom root serves as is told by the files alone: what is kept, those who served have written.
// `supervised`: see take_inherited_sockets().
[[nodiscard]] std::optional<Start> begin_start(const RunOptions& options, bool supervised);

// Why one process alone cannot be another user.
inline constexpr std::string_view kUserAlone =
    "`user` takes the supervisor: leave --no-supervisor out";

// "berth: error: TEXT" to stderr; the exit code of who is refused.
int refuse(std::string_view text);

}  // namespace berth::app
