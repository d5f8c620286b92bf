#include "supervise/notify.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace berth::supervise {

namespace {

constexpr timeval kPatience{1, 0};

std::optional<std::uint64_t> number_of(const std::string& text) noexcept {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

base::Descriptor connected_to(const std::string& name) noexcept {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // sd_notify(3): an absolute path, or '@' for an abstract name.
  if (name.size() < 2 || name.size() >= sizeof address.sun_path) return {};
  if (name[0] != '/' && name[0] != '@') return {};
  std::copy(name.begin(), name.end(), address.sun_path);
  if (name[0] == '@') address.sun_path[0] = '\0';
  base::Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  if (!socket ||
      ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience) != 0 ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return {};
  }
  return socket;
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

Notify::Notify(const Variables& variables, pid_t self)
    : socket_(connected_to(variables.notify_socket)) {
  const auto period = number_of(variables.watchdog_usec);
  const bool mine = variables.watchdog_pid.empty() ||
                    number_of(variables.watchdog_pid) == static_cast<std::uint64_t>(self);
  watchdog_ = socket_ && period && *period > 0 && mine;
}

void Notify::send(std::string_view text) noexcept {
  if (socket_) (void)::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

void Notify::ready(std::string_view status) noexcept {
  send("READY=1\nSTATUS=" + one_line(status) + "\n");
}

void Notify::reloading(base::TimePoint now) noexcept {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(us.count()) + "\n");
}

void Notify::stopping(std::string_view status) noexcept {
  send("STOPPING=1\nSTATUS=" + one_line(status) + "\n");
}

void Notify::status(std::string_view status) noexcept { send("STATUS=" + one_line(status) + "\n"); }

void Notify::alive() noexcept {
  if (watchdog_) send("WATCHDOG=1\n");
}

}  // namespace berth::supervise
