// A listening TCP or Unix socket: bound, options set, ready to be accepted from. It does not accept
// (Acceptor does) and knows no loop.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <Poco/Net/ServerSocket.h>

#include "base/descriptor.h"
#include "base/limits.h"
#include "base/result.h"
#include "net/listen_address.h"
#include "net/listen_error.h"
#include "net/raw_address.h"
#include "net/unix_address.h"
#include "net/unix_path.h"

namespace berth::net {

// Each option is set between socket(2) and bind(2), except backlog (listen(2)).
struct ListenerOptions {
  std::string name = {};  // shown in requests, logs and error texts; not checked here
  ListenAddress address = {};
  bool reuse_address = true;  // SO_REUSEADDR: a restart does not wait for TIME_WAIT
  bool reuse_port = false;    // SO_REUSEPORT: off, so that a second server is an error
  bool only_ipv6 = false;     // IPV6_V6ONLY: ":8080" leaves IPv4 alone
  bool free_bind = false;     // IP_FREEBIND: the address may come up later
  bool defer_accept = false;  // TCP_DEFER_ACCEPT: accepted when the first bytes are here
  std::optional<int> backlog = std::nullopt;  // connections; nothing: net.core.somaxconn
  std::optional<int> receive_buffer =
      std::nullopt;  // bytes, SO_RCVBUF; accepted connections inherit it
  std::optional<int> send_buffer = std::nullopt;  // bytes, SO_SNDBUF; likewise
};

// Of a Unix socket. What TCP alone has is missing, and so are buffer sizes: an accepted Unix socket
// does not inherit them.
struct UnixListenerOptions {
  std::string name = {};
  UnixAddress address;
  mode_t mode = base::limits::kUnixMode;      // of the file; an abstract name has none
  std::optional<int> backlog = std::nullopt;  // connections; nothing: net.core.somaxconn
};

// What is accepted from a TCP listener has TCP_NODELAY, and keepalive probes after 15 s and every
// 15 s (limits kTcpKeepAlive; Go net.ListenConfig).
// Move-only. fd() may be used by many loops at once (accept4 is thread-safe); close() belongs to
// one thread, after the loops have let go of fd(). The destructor closes.
class Listener {
 public:
  // Creates the socket (SOCK_CLOEXEC, SOCK_NONBLOCK), binds and listens. On a system without IPv6
  // ":8080" falls back to 0.0.0.0. Errors name the listener and the address:
  // kAlreadyInUse (EADDRINUSE), kPermission (a port below 1024: CAP_NET_BIND_SERVICE), kNotFound
  // (EADDRNOTAVAIL: no interface has the address), kInvalidArgument (an option the system refuses),
  // else as base::system_error.
  [[nodiscard]] static base::Result<Listener, ListenError> open(const ListenerOptions& options);

  // The same at a Unix address. A path is unlinked by withdraw() and close(); what it does about a
  // file that stands there, and its errors: UnixPath::bind.
  [[nodiscard]] static base::Result<Listener, ListenError> open(const UnixListenerOptions& options);

  // Takes over a socket that is bound and listening already (handed down by systemd or a
  // supervisor); makes it CLOEXEC and non-blocking. Whoever made it owns its path. Owns fd from the
  // call on, failure included. Errors: kInvalidArgument if fd is no listening stream socket of
  // AF_INET, AF_INET6 or AF_UNIX.
  [[nodiscard]] static base::Result<Listener, ListenError> adopt(std::string name, int fd);

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  ~Listener() noexcept;

  // -1 after close() and when moved from.
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  // As bound: with the real port where 0 was asked for.
  [[nodiscard]] const RawAddress& address() const noexcept { return address_; }
  // "[::]:8080", "127.0.0.1:8080", "unix:/run/berth/http.sock" (socket_name()).
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

  // Nobody finds it any more where that can be had without closing it: the path of a Unix socket is
  // unlinked if it is still the one that open() made. What is in the backlog can be accepted. May
  // be called twice.
  void withdraw() noexcept { path_.remove(); }
  // Gives up the path, which withdraw() and close() then leave alone: somebody else removes it.
  // Empty where there is none.
  [[nodiscard]] UnixPath release_path() noexcept { return std::move(path_); }
  // Stops listening; clients in the backlog are reset. Withdraws first. May be called twice.
  void close() noexcept;

 private:
  Listener(std::string name, base::Descriptor socket, UnixPath path);

  std::string name_;
  RawAddress address_;
  std::string text_;
  UnixPath path_;
  Poco::Net::ServerSocket socket_;
  int fd_ = -1;
};

// net.core.somaxconn as the kernel tells it now; SOMAXCONN where /proc cannot be read.
[[nodiscard]] int default_backlog() noexcept;

}  // namespace berth::net
