#include "net/raw_address.h"

#include <arpa/inet.h>

#include <array>
#include <cassert>
#include <charconv>
#include <cstring>

namespace berth::net {

namespace {

constexpr std::string_view kUnix = "unix:";
constexpr std::size_t kMaxUnixText = sizeof "unix:uid=4294967295,gid=4294967295,pid=4294967295" - 1;
static_assert(kMaxUnixText <= RawAddress::kMaxText);

// Appends to a buffer whose size the caller has shown to be enough.
class Writer {
 public:
  explicit Writer(std::span<char> buffer) noexcept : buffer_(buffer) {}

  void add(char c) noexcept { buffer_[used_++] = c; }
  void add(std::string_view text) noexcept {
    std::memcpy(buffer_.data() + used_, text.data(), text.size());
    used_ += text.size();
  }
  void add(std::uint32_t number) noexcept {
    char* const begin = buffer_.data() + used_;
    const auto [end, error] = std::to_chars(begin, buffer_.data() + buffer_.size(), number);
    assert(error == std::errc{});
    used_ += static_cast<std::size_t>(end - begin);
  }
  // inet_ntop costs an snprintf for IPv4; every access line needs one.
  void add_v4(const std::uint8_t* bytes) noexcept {
    for (int i = 0; i < 4; ++i) {
      if (i != 0) add('.');
      add(std::uint32_t{bytes[i]});
    }
  }
  void add_v6(const in6_addr& address) noexcept {
    char* const begin = buffer_.data() + used_;
    const auto left = static_cast<socklen_t>(buffer_.size() - used_);
    // glibc writes the form of RFC 5952.
    [[maybe_unused]] const char* const text = inet_ntop(AF_INET6, &address, begin, left);
    assert(text != nullptr);
    used_ += std::strlen(begin);
  }
  [[nodiscard]] std::string_view text() const noexcept { return {buffer_.data(), used_}; }

 private:
  std::span<char> buffer_;
  std::size_t used_ = 0;
};

const std::uint8_t* v4_bytes(const sockaddr_in& address) noexcept {
  return reinterpret_cast<const std::uint8_t*>(&address.sin_addr.s_addr);
}

// Whether brackets are due before a port.
bool add_host(Writer& writer, const sockaddr_in& v4, const sockaddr_in6& v6,
              bool bracketed) noexcept {
  if (v4.sin_family == AF_INET) {
    writer.add_v4(v4_bytes(v4));
    return false;
  }
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) != 0) {
    writer.add_v4(v6.sin6_addr.s6_addr + 12);
    return false;
  }
  if (bracketed) writer.add('[');
  writer.add_v6(v6.sin6_addr);
  if (IN6_IS_ADDR_LINKLOCAL(&v6.sin6_addr) != 0 && v6.sin6_scope_id != 0) {
    writer.add('%');
    writer.add(v6.sin6_scope_id);
  }
  return bracketed;
}

}  // namespace

RawAddress RawAddress::from(const sockaddr* address, socklen_t size) noexcept {
  RawAddress result;
  if (address == nullptr || size < sizeof(sa_family_t)) return result;
  sa_family_t family = AF_UNSPEC;
  std::memcpy(&family, address, sizeof family);
  if (family == AF_INET && size >= sizeof(sockaddr_in)) {
    std::memcpy(&result.storage_.v4, address, sizeof(sockaddr_in));
  } else if (family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    std::memcpy(&result.storage_.v6, address, sizeof(sockaddr_in6));
  } else if (family == AF_UNIX) {
    result.storage_.unix_peer = {};
    result.storage_.unix_peer.family = AF_UNIX;
  }
  return result;
}

RawAddress RawAddress::ip(std::span<const std::uint8_t> bytes, std::uint16_t port) noexcept {
  RawAddress result;
  if (bytes.size() == sizeof(in_addr)) {
    result.storage_.v4 = {};
    result.storage_.v4.sin_family = AF_INET;
    result.storage_.v4.sin_port = htons(port);
    std::memcpy(&result.storage_.v4.sin_addr, bytes.data(), bytes.size());
  } else {
    assert(bytes.size() == sizeof(in6_addr));
    result.storage_.v6.sin6_family = AF_INET6;
    result.storage_.v6.sin6_port = htons(port);
    std::memcpy(&result.storage_.v6.sin6_addr, bytes.data(), sizeof(in6_addr));
  }
  return result;
}

std::optional<RawAddress> RawAddress::parse(std::string_view host, std::uint16_t port) noexcept {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool fits = !host.empty() && host.size() < text.size();
  if (!fits || host.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(text.data(), host.data(), host.size());
  std::array<std::uint8_t, sizeof(in6_addr)> bytes{};
  const bool is_v6 = host.find(':') != std::string_view::npos;
  if (inet_pton(is_v6 ? AF_INET6 : AF_INET, text.data(), bytes.data()) != 1) return std::nullopt;
  return ip(std::span(bytes).first(is_v6 ? sizeof(in6_addr) : sizeof(in_addr)), port);
}

RawAddress RawAddress::unix_peer_of(int fd) noexcept {
  RawAddress result;
  result.storage_.unix_peer = {};
  result.storage_.unix_peer.family = AF_UNIX;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 &&
      credentials.uid != static_cast<uid_t>(-1)) {  // -1: of a socket that nobody connected
    result.storage_.unix_peer.known = true;
    result.storage_.unix_peer.uid = credentials.uid;
    result.storage_.unix_peer.gid = credentials.gid;
    result.storage_.unix_peer.pid = static_cast<std::uint32_t>(credentials.pid);
  }
  return result;
}

RawAddress RawAddress::local_of(int fd) noexcept {
  sockaddr_storage storage{};
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t size = sizeof storage;
  if (getsockname(fd, address, &size) != 0) return {};
  return from(address, size);
}

const sockaddr* RawAddress::data() const noexcept {
  return reinterpret_cast<const sockaddr*>(&storage_);
}

socklen_t RawAddress::size() const noexcept {
  switch (family()) {
    case AF_INET:
      return sizeof(sockaddr_in);
    case AF_INET6:
      return sizeof(sockaddr_in6);
    default:
      return 0;
  }
}

std::uint16_t RawAddress::port() const noexcept {
  if (size() == 0) return 0;
  return ntohs(storage_.v4.sin_port);  // at the same place in both
}

std::span<const std::uint8_t> RawAddress::bytes() const noexcept {
  if (size() == 0) return {};
  if (family() == AF_INET) return {v4_bytes(storage_.v4), sizeof(in_addr)};
  const std::span<const std::uint8_t> all(storage_.v6.sin6_addr.s6_addr);
  return IN6_IS_ADDR_V4MAPPED(&storage_.v6.sin6_addr) != 0 ? all.last(sizeof(in_addr)) : all;
}

std::string_view RawAddress::unix_text(std::span<char> buffer) const noexcept {
  const UnixPeer& peer = storage_.unix_peer;
  if (!peer.known) return kUnix;
  Writer writer(buffer);
  writer.add(kUnix);
  writer.add("uid=");
  writer.add(peer.uid);
  writer.add(",gid=");
  writer.add(peer.gid);
  writer.add(",pid=");
  writer.add(peer.pid);
  return writer.text();
}

std::string_view RawAddress::text(std::span<char> buffer) const noexcept {
  assert(buffer.size() >= kMaxText);
  if (is_unix()) return unix_text(buffer);
  Writer writer(buffer);
  if (size() == 0) {
    writer.add('-');
    return writer.text();
  }
  if (add_host(writer, storage_.v4, storage_.v6, true)) writer.add(']');
  writer.add(':');
  writer.add(std::uint32_t{port()});
  return writer.text();
}

std::string_view RawAddress::host(std::span<char> buffer) const noexcept {
  assert(buffer.size() >= kMaxText);
  if (is_unix()) return unix_text(buffer);
  Writer writer(buffer);
  if (size() == 0) {
    writer.add('-');
  } else {
    add_host(writer, storage_.v4, storage_.v6, false);
  }
  return writer.text();
}

std::string RawAddress::text() const {
  std::array<char, kMaxText> buffer{};
  return std::string(text(buffer));
}

}  // namespace berth::net
