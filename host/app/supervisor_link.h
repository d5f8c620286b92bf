// A host's end of the link to its supervisor (base/host_link.h). Without a supervisor every call
// does nothing; it decides nothing.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/host_link.h"

namespace berth::app {

// send() and what calls it may come from any thread; the others from one.
class SupervisorLink {
 public:
  // No supervisor.
  SupervisorLink() noexcept = default;
  // Empty, or no such socket: no supervisor.
  explicit SupervisorLink(base::Descriptor link) noexcept;

  [[nodiscard]] bool supervised() const noexcept { return static_cast<bool>(link_); }
  // Readable when something has come, its end included; -1: no supervisor.
  [[nodiscard]] int descriptor() const noexcept { return link_.get(); }

  void send(base::HostMessage::Kind kind, std::string_view text = {}) const noexcept;
  // kReady, kReloaded
  void send_serving(base::HostMessage::Kind kind, std::uint64_t generation, base::Duration stop,
                    std::string_view text = {}) const noexcept;

  // Has the supervisor close its listening sockets and remove their paths, or with a name the one
  // of that name; waits until it has, a second at most.
  void withdraw(std::string_view name = {}) noexcept;

  // Takes the next message that has come, if one has.
  [[nodiscard]] std::optional<base::HostMessage> next() noexcept;
  // The supervisor has, as next() came to know.
  [[nodiscard]] bool ended() const noexcept { return ended_; }

 private:
  base::Descriptor link_;
  bool ended_ = false;
};

}  // namespace berth::app
