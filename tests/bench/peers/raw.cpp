// bench_raw PORT: the least that can be done for the same bytes with epoll, recv and send. It
// parses next to nothing and is no server; what it costs is the floor that the others are compared
// with.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "base/descriptor.h"

namespace {

using berth::base::Descriptor;

constexpr std::string_view kText = "hello, world\n";

struct Connection {
  Descriptor socket;
  std::string input;     // of a request that is not whole
  std::string output;    // small answers that the socket did not take
  std::size_t body = 0;  // of a big answer: bytes still to send
  bool closing = false;
};

class Responder {
 public:
  explicit Responder(std::uint16_t port)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)),
        epoll_(::epoll_create1(0)),
        big_(1U << 20U, 'b') {
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ::setsockopt(listener_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ok_ =
        ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        ::listen(listener_.get(), SOMAXCONN) == 0 && watch(listener_.get(), EPOLLIN, nullptr);
  }

  [[nodiscard]] bool ok() const { return ok_; }

  [[noreturn]] void serve() {
    std::array<epoll_event, 512> events;
    for (;;) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 1000);
      make_answers();
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<std::size_t>(i)];
        auto* connection = static_cast<Connection*>(event.data.ptr);
        if (connection == nullptr) {
          accept_all();
        } else if (!((event.events & EPOLLOUT) != 0 ? send_rest(*connection) : read(*connection))) {
          delete connection;
        }
      }
    }
  }

 private:
  bool watch(int socket, std::uint32_t events, void* data, int how = EPOLL_CTL_ADD) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = data;
    return ::epoll_ctl(epoll_.get(), how, socket, &event) == 0;
  }

  // The Date of an answer changes once a second; everything else never.
  void make_answers() {
    const std::time_t now = std::time(nullptr);
    if (now == second_) return;
    second_ = now;
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    std::array<char, 64> date;
    const std::size_t size =
        std::strftime(date.data(), date.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    head_ = "HTTP/1.1 200 OK\r\nDate: " + std::string(date.data(), size) +
            "\r\nContent-Type: text/plain\r\n";
    const std::string length = "Content-Length: " + std::to_string(kText.size()) + "\r\n";
    hello_ = head_ + length + "\r\n" + std::string(kText);
    last_hello_ = head_ + length + "Connection: close\r\n\r\n" + std::string(kText);
  }

  void accept_all() {
    for (;;) {
      Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK));
      if (!socket) return;
      auto connection = std::make_unique<Connection>();
      connection->socket = std::move(socket);
      // The request is mostly there already; a connection for one request never enters epoll.
      if (!read(*connection)) continue;
      const std::uint32_t events = pending(*connection) ? EPOLLOUT : EPOLLIN;
      const int number = connection->socket.get();
      watch(number, events, connection.release());
    }
  }

  static bool pending(const Connection& connection) {
    return !connection.output.empty() || connection.body != 0;
  }

  // Of these: false if the connection is over.
  bool read(Connection& connection) {
    const ssize_t size = ::recv(connection.socket.get(), buffer_.data(), buffer_.size(), 0);
    if (size <= 0) return size < 0 && errno == EAGAIN;
    std::string_view input(buffer_.data(), static_cast<std::size_t>(size));
    if (!connection.input.empty()) input = connection.input.append(input);
    std::size_t used = 0;
    while (used < input.size()) {
      const std::size_t length = whole_request(input.substr(used));
      if (length == 0) break;
      if (!answer(connection, input.substr(used, length))) return false;
      used += length;
    }
    std::string rest(input.substr(used));
    connection.input.swap(rest);
    return true;
  }

  // Its length, or 0 if more has to come.
  std::size_t whole_request(std::string_view input) {
    const std::size_t end = input.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    body_bytes_ = 0;
    if (input[0] == 'P') {
      constexpr std::string_view kField = "Content-Length: ";
      const std::size_t field = input.find(kField);
      const char* digits = input.data() + field + kField.size();
      if (field < end) std::from_chars(digits, input.data() + end, body_bytes_);
    }
    const std::size_t length = end + 4 + body_bytes_;
    return length <= input.size() ? length : 0;
  }

  bool answer(Connection& connection, std::string_view request) {
    if (request[0] == 'P') {
      std::string text = head_ + "Content-Length: " + std::to_string(body_bytes_) + "\r\n\r\n";
      text += request.substr(request.size() - body_bytes_);
      return send(connection, text);
    }
    if (request.starts_with("GET /big")) return send_big(connection);
    connection.closing = request.find("Connection: close") != std::string_view::npos;
    return send(connection, connection.closing ? last_hello_ : hello_);
  }

  bool send(Connection& connection, std::string_view text) {
    const ssize_t size = ::send(connection.socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (size == static_cast<ssize_t>(text.size())) return !connection.closing;
    if (size < 0 && errno != EAGAIN) return false;
    connection.output = text.substr(size < 0 ? 0 : static_cast<std::size_t>(size));
    watch(connection.socket.get(), EPOLLOUT, &connection, EPOLL_CTL_MOD);
    return true;
  }

  bool send_big(Connection& connection) {
    std::string head = head_ + "Content-Length: " + std::to_string(big_.size()) + "\r\n\r\n";
    std::array<iovec, 2> parts{{{head.data(), head.size()}, {big_.data(), big_.size()}}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t size = ::sendmsg(connection.socket.get(), &message, MSG_NOSIGNAL);
    if (size < static_cast<ssize_t>(head.size())) return false;
    connection.body = head.size() + big_.size() - static_cast<std::size_t>(size);
    if (connection.body != 0) watch(connection.socket.get(), EPOLLOUT, &connection, EPOLL_CTL_MOD);
    return true;
  }

  bool send_rest(Connection& connection) {
    const std::string_view rest = connection.body != 0
                                      ? std::string_view(big_).substr(big_.size() - connection.body)
                                      : std::string_view(connection.output);
    const ssize_t size = ::send(connection.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (size < 0) return errno == EAGAIN;
    if (connection.body != 0) {
      connection.body -= static_cast<std::size_t>(size);
    } else {
      connection.output.erase(0, static_cast<std::size_t>(size));
    }
    if (pending(connection)) return true;
    if (connection.closing) return false;
    return watch(connection.socket.get(), EPOLLIN, &connection, EPOLL_CTL_MOD);
  }

  Descriptor listener_;
  Descriptor epoll_;
  bool ok_ = false;
  std::string big_;
  std::string head_;
  std::string hello_;
  std::string last_hello_;
  std::time_t second_ = 0;
  std::size_t body_bytes_ = 0;
  std::array<char, 65536> buffer_;
};

}  // namespace

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  if (argc == 2) {
    const std::string_view text = argv[1];
    std::from_chars(text.data(), text.data() + text.size(), port);
  }
  const auto responder = std::make_unique<Responder>(port);
  if (!responder->ok()) {
    std::perror("bench_raw");
    return 1;
  }
  responder->serve();
}
