// The descriptors a parent has handed down with names: systemd's socket activation, as
// sd_listen_fds_with_names(3) tells it. It looks at no socket: Listener::adopt does.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"

namespace berth::net {

// Move-only. Closes what nobody has taken.
class InheritedSockets {
 public:
  // The environment of the process that was handed them; nothing: not set.
  struct Variables {
    std::optional<std::string> listen_pid;
    std::optional<std::string> listen_fds;
    std::optional<std::string> listen_fdnames;
  };

  // None.
  InheritedSockets() noexcept = default;

  // Takes the descriptors from `first` on (3 but in tests) and makes them CLOEXEC. None where
  // LISTEN_PID is not `self`: then they are another process's. Call it before anything opens a
  // descriptor. Errors: kInvalidArgument, for variables that contradict themselves or each other,
  // or a descriptor that is not open.
  [[nodiscard]] static base::Result<InheritedSockets> take(const Variables& variables, pid_t self,
                                                           int first = 3);

  // The same sockets under further descriptors, CLOEXEC too: for who may have to begin again.
  [[nodiscard]] base::Result<InheritedSockets> duplicate() const;

  // All of that name, in their order: a systemd unit with two ListenStream= hands down two. None
  // left where they were taken before, and for a name there is not.
  [[nodiscard]] std::vector<base::Descriptor> take(std::string_view name);

  // The names of those that are left, each once, in their order.
  [[nodiscard]] std::vector<std::string> names() const;
  // Why there is nothing of a name, for the help of an error: "there are http, https", or why there
  // are none.
  [[nodiscard]] std::string explain() const;

 private:
  struct Entry {
    std::string name;
    base::Descriptor descriptor;
  };

  std::vector<Entry> entries_;
  std::vector<std::string> all_names_;  // taken ones too
  bool for_another_ = false;            // LISTEN_PID is another process
};

}  // namespace berth::net
