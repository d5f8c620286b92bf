// A listening TCP socket: bound, options set, ready to be accepted from. It does not accept
// (Acceptor does) and knows no loop.
#pragma once

#include <optional>
#include <string>

#include <Poco/Net/ServerSocket.h>

#include "base/descriptor.h"
#include "base/result.h"
#include "net/listen_address.h"
#include "net/raw_address.h"

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

// Move-only. fd() may be used by many loops at once (accept4 is thread-safe); close() belongs to
// one thread, after the loops have let go of fd(). The destructor closes.
class Listener {
 public:
  // Creates the socket (SOCK_CLOEXEC, SOCK_NONBLOCK), binds and listens. On a system without IPv6
  // ":8080" falls back to 0.0.0.0. Errors name the listener, the address and the way out:
  // kAlreadyInUse (EADDRINUSE), kPermission (a port below 1024: CAP_NET_BIND_SERVICE), kNotFound
  // (EADDRNOTAVAIL: no interface has the address), kInvalidArgument (an option the system refuses),
  // else as base::system_error.
  [[nodiscard]] static base::Result<Listener> open(const ListenerOptions& options);

  // Takes over a socket that is bound and listening already (handed down by a supervisor); makes it
  // CLOEXEC and non-blocking. Owns fd from the call on, failure included. Errors:
  // kInvalidArgument if fd is no listening stream socket.
  [[nodiscard]] static base::Result<Listener> adopt(std::string name, int fd);

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
  // address() as text: "[::]:8080", "127.0.0.1:8080".
  [[nodiscard]] std::string text() const { return address_.text(); }

  // Stops listening; clients in the backlog are reset. May be called twice.
  void close() noexcept;

 private:
  Listener(std::string name, base::Descriptor socket);

  std::string name_;
  RawAddress address_;
  Poco::Net::ServerSocket socket_;
  int fd_ = -1;
};

// net.core.somaxconn as the kernel tells it now; SOMAXCONN where /proc cannot be read.
[[nodiscard]] int default_backlog() noexcept;

}  // namespace berth::net
