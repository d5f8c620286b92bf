// One IPv4 or IPv6 socket address in 28 bytes, as the kernel hands it out; text is made on demand.
// Of a Unix socket's client it holds who that is. Not a name, and not an address to listen at (that
// is ListenAddress).
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace berth::net {

// A value: copy it freely; any thread. Every connection keeps one, so it stays this small.
class RawAddress {
 public:
  // Bytes that hold any result of text() or host(). The longest: "[", 39 of an IPv6 address, "%"
  // and ten digits of a scope, "]:65535".
  static constexpr std::size_t kMaxText = 64;

  // Unspecified: family() is AF_UNSPEC, text() is "-".
  RawAddress() noexcept = default;

  // What the kernel wrote. Anything but a whole sockaddr_in or sockaddr_in6, or an AF_UNIX address,
  // becomes unspecified. Clients of a Unix socket have no name to keep.
  [[nodiscard]] static RawAddress from(const sockaddr* address, socklen_t size) noexcept;

  // 4 bytes of an IPv4 address or 16 of an IPv6 one, in network byte order. REQUIRES one of the
  // two.
  [[nodiscard]] static RawAddress ip(std::span<const std::uint8_t> bytes,
                                     std::uint16_t port) noexcept;
  // An IPv4 address in four decimal parts without leading zeros, or an IPv6 one (RFC 4291 s2.2)
  // without brackets or scope; nothing else.
  [[nodiscard]] static std::optional<RawAddress> parse(std::string_view host,
                                                       std::uint16_t port) noexcept;

  // The client of a connected Unix socket with its credentials, which are those of its connect(2)
  // whenever they are asked for (SO_PEERCRED, unix(7)); a pid of 0 is one that our pid namespace
  // does not see. Without them where the kernel has none.
  [[nodiscard]] static RawAddress unix_peer_of(int fd) noexcept;

  // The address the descriptor is bound to, for a connection the one the client reached
  // (getsockname). Unspecified if fd has none.
  [[nodiscard]] static RawAddress local_of(int fd) noexcept;

  [[nodiscard]] sa_family_t family() const noexcept { return storage_.v6.sin6_family; }
  [[nodiscard]] bool is_unix() const noexcept { return family() == AF_UNIX; }
  // Made by unix_peer_of(), and the kernel knew.
  [[nodiscard]] bool has_credentials() const noexcept {
    return is_unix() && storage_.unix_peer.known;
  }
  [[nodiscard]] const sockaddr* data() const noexcept;
  // Bytes of data() in use; 0 if unspecified or is_unix().
  [[nodiscard]] socklen_t size() const noexcept;
  // In host byte order; 0 if unspecified or is_unix().
  [[nodiscard]] std::uint16_t port() const noexcept;

  // The address as ip() takes it, of an IPv4-mapped one the IPv4 address; empty if unspecified or
  // is_unix(). A view into this.
  [[nodiscard]] std::span<const std::uint8_t> bytes() const noexcept;

  // "203.0.113.7:4711", "[2001:db8::1]:4711" (RFC 5952 s4, s6); an IPv4-mapped IPv6 address
  // (RFC 4291 s2.5.5.2: what a dual-stack listener sees of an IPv4 client) as IPv4; a link-local
  // one with its scope, "[fe80::1%2]:4711"; of a Unix socket "unix:uid=1000,gid=1000,pid=4242", and
  // "unix:" without credentials. Writes into buffer, no terminating NUL; the view is into buffer or
  // static. Allocates nothing. REQUIRES buffer.size() >= kMaxText.
  [[nodiscard]] std::string_view text(std::span<char> buffer) const noexcept;
  // The same without port and brackets, as access logs show it; of a Unix socket text().
  [[nodiscard]] std::string_view host(std::span<char> buffer) const noexcept;
  // For messages, where an allocation does not matter.
  [[nodiscard]] std::string text() const;

 private:
  [[nodiscard]] std::string_view unix_text(std::span<char> buffer) const noexcept;

  struct UnixPeer {
    sa_family_t family;  // where the others have theirs
    bool known;
    std::uint32_t uid;
    std::uint32_t gid;
    std::uint32_t pid;
  };
  union Storage {
    sockaddr_in6 v6;  // first: it is the largest one, and zeroing it zeroes all
    sockaddr_in v4;
    UnixPeer unix_peer;
  };
  Storage storage_{};
};

// The client's end of a connection.
using PeerAddress = RawAddress;

static_assert(sizeof(RawAddress) == 28);

}  // namespace berth::net
