// Accepts connections from listeners and survives running out of descriptors. It does not wait,
// log or serve: its caller does, by what accept() returns.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/descriptor.h"
#include "net/accept_policy.h"
#include "net/raw_address.h"

namespace berth::net {

enum class AcceptStatus : std::uint8_t {
  kAccepted,  // descriptor and peer: serve it
  kShed,     // descriptor and peer, but descriptors have run out: say so (a 503), close it at once,
             // then call accept() again. error is EMFILE or ENFILE
  kNothing,  // the backlog is empty: wait for the listener to be readable
  kPause,    // error is temporary: stop polling the listener for `pause`, then call accept() again
  kFailed,   // error is not temporary: this listener is done for
};

struct AcceptOutcome {
  AcceptStatus status = AcceptStatus::kNothing;
  bool log = false;         // log error now: true once per step of the backoff, so at most once a
                            // second while it lasts
  int error = 0;            // errno behind kShed, kPause and kFailed
  base::Duration pause{0};  // for kPause: 5 ms doubled up to 1 s
  base::Descriptor descriptor;  // CLOEXEC and non-blocking, with the options of its Listener
  PeerAddress peer;
};

// One per loop; owned by one thread at a time. Holds one spare descriptor (/dev/null).
class Acceptor {
 public:
  // accept4(2) or a test's stand-in: returns a descriptor, or -1 with errno set.
  using AcceptFunction = int (*)(int fd, sockaddr* address, socklen_t* size, int flags);

  Acceptor() noexcept;
  explicit Acceptor(AcceptFunction accept_function) noexcept;

  // Takes the next connection of a listening, non-blocking descriptor. Never blocks. `now` only
  // paces the log. Errors of single connections (ECONNABORTED, EPROTO...: accept(2) "Error
  // handling") and EINTR are retried inside.
  [[nodiscard]] AcceptOutcome accept(int listener, base::TimePoint now) noexcept;

  // Whether the spare descriptor is held; accept() takes it back by itself when it can.
  [[nodiscard]] bool has_spare() const noexcept { return static_cast<bool>(spare_); }

 private:
  void take_spare() noexcept;
  [[nodiscard]] AcceptOutcome shed(int listener, int error, bool log, base::TimePoint now) noexcept;

  AcceptFunction accept_;
  AcceptPolicy policy_;
  base::Descriptor spare_;
};

}  // namespace berth::net
