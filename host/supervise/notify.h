// Tells systemd how the service does, as sd_notify(3) does: one datagram for each state. It decides
// nothing, and without $NOTIFY_SOCKET it does nothing.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/descriptor.h"

namespace berth::supervise {

class Notify {
 public:
  // Of the environment; empty: not set.
  struct Variables {
    std::string notify_socket;  // a path, or '@' and an abstract name
    std::string watchdog_usec;
    std::string watchdog_pid;
  };

  // To nobody.
  Notify() noexcept = default;
  // A socket that cannot be reached is nobody: nothing depends on being heard.
  Notify(const Variables& variables, pid_t self);

  // Whether alive() is wanted: WATCHDOG_USEC is a number, and WATCHDOG_PID, where set, this
  // process.
  [[nodiscard]] bool has_watchdog() const noexcept { return watchdog_; }

  // Each waits for a slow reader, a second at most. `status` is one line for people.
  void ready(std::string_view status) noexcept;
  void reloading(base::TimePoint now) noexcept;
  void stopping(std::string_view status) noexcept;
  void status(std::string_view status) noexcept;
  void alive() noexcept;

 private:
  void send(std::string_view text) noexcept;

  base::Descriptor socket_;
  bool watchdog_ = false;
};

}  // namespace berth::supervise
