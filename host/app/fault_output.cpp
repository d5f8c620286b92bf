#include "app/fault_output.h"

#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>

namespace berth::app {

namespace {

// What was written, or -1.
ssize_t write_some(int file, std::string_view bytes) noexcept {
  ssize_t count = 0;
  do {
    count = ::write(file, bytes.data(), bytes.size());
  } while (count < 0 && errno == EINTR);
  return count;
}

bool is_ready(int file, base::Duration patience) noexcept {
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  pollfd entry{.fd = file, .events = POLLOUT, .revents = 0};
  int ready = 0;
  do {
    ready = ::poll(&entry, 1, static_cast<int>(wait));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

bool write_to_file(int file, std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t count = write_some(file, bytes);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool write_to_reader(int file, std::string_view bytes, base::Duration patience) noexcept {
  while (!bytes.empty()) {
    // pipe(7): one that is ready takes so much without waiting.
    const std::string_view piece = bytes.substr(0, PIPE_BUF);
    if (!is_ready(file, patience)) return false;
    const ssize_t count = write_some(file, piece);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void send_byte(int link, char byte) noexcept {
  (void)!::send(link, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace berth::app
