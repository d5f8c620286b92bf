// Waits for descriptors with a deadline, for threads that own no loop. A loop never calls this.
#pragma once

#include <poll.h>

#include <cstdint>
#include <span>

#include "base/clock.h"

namespace berth::net {

enum class WaitResult : std::uint8_t {
  kReady,    // readable or writable as asked, or in an error state: the next call tells
  kTimeout,  // the deadline passed
  kError,    // poll(2) itself failed (ENOMEM) or fd is no descriptor
};

// poll(2) with what is left until deadline on the monotonic clock, taken up again after EINTR
// (Poco's Socket::poll counts on the wall clock: faults.md 43). A deadline that has passed asks
// once and does not wait; TimePoint::max() waits for ever. Any thread.
[[nodiscard]] WaitResult wait_readable(int fd, base::TimePoint deadline) noexcept;
[[nodiscard]] WaitResult wait_writable(int fd, base::TimePoint deadline) noexcept;
// The same for any of several: kReady once at least one has revents. Negative descriptors are left
// out; kError also if one is no descriptor.
[[nodiscard]] WaitResult wait_any(std::span<pollfd> entries, base::TimePoint deadline) noexcept;

}  // namespace berth::net
