#include "net/socket_name.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "net/raw_address.h"

namespace berth::net {

namespace {

// The bytes of sun_path that `size` covers.
std::string_view path_of(const sockaddr_un& address, socklen_t size) noexcept {
  constexpr std::size_t kHead = offsetof(sockaddr_un, sun_path);
  const std::size_t bytes = std::min<std::size_t>(size, sizeof address);
  if (bytes <= kHead) return {};
  const std::string_view all(address.sun_path, bytes - kHead);
  if (all.front() == '\0') return all;  // abstract: every byte counts
  return all.substr(0, all.find('\0'));
}

}  // namespace

std::string socket_name(int fd) {
  sockaddr_storage storage{};
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t size = sizeof storage;
  if (::getsockname(fd, address, &size) != 0) return "-";
  if (storage.ss_family != AF_UNIX) return RawAddress::from(address, size).text();
  sockaddr_un name{};
  std::memcpy(&name, &storage, sizeof name);
  std::string text("unix:");
  text += path_of(name, size);
  std::replace(text.begin(), text.end(), '\0', '@');
  return text;
}

}  // namespace berth::net
