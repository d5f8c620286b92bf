#include "net/wait.h"

#include <time.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace berth::net {

namespace {

timespec left_until(base::TimePoint deadline) noexcept {
  const base::TimePoint now = base::system_clock().now();
  if (now >= deadline) return {0, 0};
  const base::Duration left = deadline - now;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  return {static_cast<time_t>(seconds.count()), static_cast<long>((left - seconds).count())};
}

WaitResult wait(int fd, short events, base::TimePoint deadline) noexcept {
  pollfd entry{fd, events, 0};
  return wait_any({&entry, 1}, deadline);
}

}  // namespace

WaitResult wait_readable(int fd, base::TimePoint deadline) noexcept {
  // A negative fd would be ignored by poll(2) and waited for until the deadline.
  if (fd < 0) return WaitResult::kError;
  return wait(fd, POLLIN | POLLRDHUP, deadline);
}

WaitResult wait_writable(int fd, base::TimePoint deadline) noexcept {
  if (fd < 0) return WaitResult::kError;
  return wait(fd, POLLOUT, deadline);
}

WaitResult wait_any(std::span<pollfd> entries, base::TimePoint deadline) noexcept {
  for (;;) {
    timespec left{};
    const bool bounded = deadline != base::TimePoint::max();
    if (bounded) left = left_until(deadline);
    const int ready = ::ppoll(entries.data(), entries.size(), bounded ? &left : nullptr, nullptr);
    if (ready > 0) {
      const bool bad = std::any_of(entries.begin(), entries.end(), [](const pollfd& entry) {
        return (entry.revents & POLLNVAL) != 0;
      });
      return bad ? WaitResult::kError : WaitResult::kReady;
    }
    if (ready == 0) return WaitResult::kTimeout;
    if (errno != EINTR) return WaitResult::kError;
  }
}

}  // namespace berth::net
