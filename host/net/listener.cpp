#include "net/listener.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <Poco/Net/ServerSocketImpl.h>

#include <cerrno>
#include <fstream>
#include <string_view>
#include <utility>

#include "net/socket_name.h"

namespace berth::net {

namespace {

// Poco binds with SO_REUSEPORT unless told otherwise and opens without CLOEXEC, so the socket is
// made here and handed over whole (measured-traps.md 13, faults.md 46-47).
class AdoptedImpl final : public Poco::Net::ServerSocketImpl {
 public:
  explicit AdoptedImpl(int fd) { reset(fd); }
};

class AdoptedSocket final : public Poco::Net::ServerSocket {
 public:
  explicit AdoptedSocket(base::Descriptor socket)
      : ServerSocket(new AdoptedImpl(socket.get()), true) {
    static_cast<void>(socket.release());
  }
};

// Holds the texts of one attempt; what failed is told from errno at once.
class Opening {
 public:
  Opening(const ListenerOptions& options, const RawAddress& address)
      : options_(options), address_(address) {}

  // Empty on failure; then error_number() says why.
  base::Result<base::Descriptor, ListenError> run() {
    base::Descriptor socket(
        ::socket(address_.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
    if (!socket) return failed("socket");
    fd_ = socket.get();
    const bool v6 = address_.family() == AF_INET6;
    if (!set(SOL_SOCKET, SO_REUSEADDR, options_.reuse_address)) return failed("SO_REUSEADDR");
    if (!set(SOL_SOCKET, SO_REUSEPORT, options_.reuse_port)) return failed("SO_REUSEPORT");
    // Always set: what the system takes where nothing is said is /proc/sys/net/ipv6/bindv6only.
    if (v6 && !set(IPPROTO_IPV6, IPV6_V6ONLY, v6_only())) return failed("IPV6_V6ONLY");
    if (options_.free_bind && !set(IPPROTO_IP, IP_FREEBIND, 1)) return failed("free_bind");
    if (options_.receive_buffer && !set(SOL_SOCKET, SO_RCVBUF, *options_.receive_buffer)) {
      return failed("receive_buffer");
    }
    if (options_.send_buffer && !set(SOL_SOCKET, SO_SNDBUF, *options_.send_buffer)) {
      return failed("send_buffer");
    }
    if (options_.defer_accept && !set(IPPROTO_TCP, TCP_DEFER_ACCEPT, kDeferSeconds)) {
      return failed("defer_accept");
    }
    if (::bind(fd_, address_.data(), address_.size()) != 0) return failed("bind");
    if (::listen(fd_, options_.backlog.value_or(default_backlog())) != 0) return failed("listen");
    return socket;
  }

  // errno of the failure; 0 before one.
  [[nodiscard]] int error_number() const noexcept { return errno_; }

 private:
  // Seconds a connection without a byte is kept from accept(2); afterwards it is accepted anyway.
  static constexpr int kDeferSeconds = 5;

  // ":8080" takes IPv4 too; an address that was written out takes what it says (Go net.Listen).
  [[nodiscard]] bool v6_only() const noexcept {
    return options_.only_ipv6 || !options_.address.every_address();
  }

  bool set(int level, int option, int value) const noexcept {
    return ::setsockopt(fd_, level, option, &value, sizeof value) == 0;
  }

  base::Failure<ListenError> failed(std::string_view step) {
    errno_ = errno;
    std::string what = listener_text(options_.name);
    what.append(": cannot listen at ").append(options_.address.text());
    if (step != "bind" && step != "listen") what.append(" (").append(step).append(")");
    base::Error error = base::system_error(errno_, what);
    return base::fail(ListenError{error.code, std::move(error.text), advice()});
  }

  [[nodiscard]] std::string advice() const {
    const std::string port = std::to_string(options_.address.port());
    switch (errno_) {
      case EADDRINUSE:
        return "another process listens there: `ss -ltnp 'sport = :" + port +
               "'` as root shows which";
      case EACCES:
        if (options_.address.port() < 1024) {
          return "a port below 1024 needs CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities="
                 "CAP_NET_BIND_SERVICE) or a lower net.ipv4.ip_unprivileged_port_start";
        }
        return "";
      case EADDRNOTAVAIL:
        return "no interface of this machine has that address: `ip address` shows them; "
               "`freebind` allows it";
      default:
        return "";
    }
  }

  const ListenerOptions& options_;
  const RawAddress address_;
  int fd_ = -1;
  int errno_ = 0;
};

// Linux hands these options of a TCP socket down to what is accepted from it, which saves four
// system calls for each connection. Errors are ignored: without them connections work as well.
void tune(int fd) noexcept {
  const int on = 1;
  const int seconds = static_cast<int>(base::limits::kTcpKeepAlive.count());
  static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));
  static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on));
  static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds));
  static_cast<void>(::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds));
}

// The errors of a kernel without IPv6 (ipv6.disable=1) or with none on any interface
// (net.ipv6.conf.all.disable_ipv6=1).
bool without_ipv6(int error_number) noexcept {
  return error_number == EAFNOSUPPORT || error_number == EADDRNOTAVAIL;
}

RawAddress every_v4(std::uint16_t port) noexcept {
  sockaddr_in raw{};
  raw.sin_family = AF_INET;
  raw.sin_addr.s_addr = htonl(INADDR_ANY);
  raw.sin_port = htons(port);
  return RawAddress::from(reinterpret_cast<const sockaddr*>(&raw), sizeof raw);
}

}  // namespace

int default_backlog() noexcept {
  try {
    std::ifstream file("/proc/sys/net/core/somaxconn");
    int value = 0;
    if (file >> value && value > 0) return value;
  } catch (...) {
    // No memory for a stream buffer: the constant does.
  }
  return SOMAXCONN;
}

base::Result<Listener, ListenError> Listener::open(const ListenerOptions& options) {
  Opening first(options, options.address.raw());
  base::Result<base::Descriptor, ListenError> socket = first.run();
  if (!socket && options.address.every_address() && !options.only_ipv6 &&
      without_ipv6(first.error_number())) {
    socket = Opening(options, every_v4(options.address.port())).run();
  }
  if (!socket) return base::fail(std::move(socket).error());
  return Listener(options.name, std::move(*socket), UnixPath());
}

base::Result<Listener, ListenError> Listener::open(const UnixListenerOptions& options) {
  const std::string what =
      listener_text(options.name) + ": cannot listen at unix:" + options.address.text();
  const auto failed = [&what](int error_number, std::string help = {}) {
    base::Error error = base::system_error(error_number, what);
    return base::fail(ListenError{error.code, std::move(error.text), std::move(help)});
  };
  base::Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return failed(errno);
  UnixPath path;
  if (!options.address.is_abstract()) {
    auto bound = UnixPath::bind(socket.get(), options.address, options.mode);
    if (!bound) {
      ListenError error = std::move(bound).error();
      error.text.insert(0, what + ": ");
      return base::fail(std::move(error));
    }
    path = std::move(*bound);
  } else if (::bind(socket.get(), options.address.data(), options.address.size()) != 0) {
    return failed(errno, errno == EADDRINUSE
                             ? "another process listens there: `ss -lxp` as root shows which"
                             : "");
  }
  if (::listen(socket.get(), options.backlog.value_or(default_backlog())) != 0) {
    const int error_number = errno;
    path.remove();
    return failed(error_number);
  }
  return Listener(options.name, std::move(socket), std::move(path));
}

base::Result<Listener, ListenError> Listener::adopt(std::string name, int fd) {
  base::Descriptor socket(fd);
  const auto option = [fd](int which) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, SOL_SOCKET, which, &value, &size) == 0 ? value : -1;
  };
  const int domain = option(SO_DOMAIN);
  const bool known = domain == AF_INET || domain == AF_INET6 || domain == AF_UNIX;
  if (!known || option(SO_ACCEPTCONN) != 1 || option(SO_TYPE) != SOCK_STREAM) {
    return base::fail(ListenError{base::ErrorCode::kInvalidArgument,
                                  listener_text(name) + ": descriptor " + std::to_string(fd) +
                                      " is no listening stream socket",
                                  {}});
  }
  const int flags = ::fcntl(fd, F_GETFL);
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || flags == -1 ||
      ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    base::Error error = base::system_error(errno, listener_text(name) + ": fcntl");
    return base::fail(ListenError{error.code, std::move(error.text), {}});
  }
  return Listener(std::move(name), std::move(socket), UnixPath());
}

Listener::Listener(std::string name, base::Descriptor socket, UnixPath path)
    : name_(std::move(name)),
      address_(RawAddress::local_of(socket.get())),
      text_(socket_name(socket.get())),
      path_(std::move(path)),
      socket_(AdoptedSocket(std::move(socket))),
      fd_(socket_.impl()->sockfd()) {
  if (!address_.is_unix()) tune(fd_);
}

Listener::Listener(Listener&& other) noexcept
    : name_(std::move(other.name_)),
      address_(other.address_),
      text_(std::move(other.text_)),
      path_(std::move(other.path_)),
      socket_(other.socket_),
      fd_(std::exchange(other.fd_, -1)) {}

Listener& Listener::operator=(Listener&& other) noexcept {
  if (this != &other) {
    close();
    name_ = std::move(other.name_);
    address_ = other.address_;
    text_ = std::move(other.text_);
    path_ = std::move(other.path_);
    socket_ = other.socket_;
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Listener::~Listener() noexcept { close(); }

void Listener::close() noexcept {
  if (fd_ < 0) return;
  withdraw();
  fd_ = -1;
  socket_.close();
}

}  // namespace berth::net
