#include "bench/load/target.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <system_error>

namespace berth::bench {
namespace {

std::string start_line_and_host(const char* method, std::uint16_t port, const std::string& path) {
  return std::string(method) + " " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
         "\r\nUser-Agent: bench_load\r\nAccept: */*\r\n";
}

// Waits long for the first byte, and where no length is announced until none has come for a moment.
std::size_t count_response(int socket, std::string& beginning) {
  constexpr int kFirstByteMs = 10000;
  constexpr int kQuietMs = 300;
  std::array<char, 65536> buffer;
  std::size_t count = 0;
  for (;;) {
    pollfd wait{socket, POLLIN, 0};
    if (::poll(&wait, 1, count == 0 ? kFirstByteMs : kQuietMs) <= 0) return count;
    const ssize_t size = ::recv(socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) return count;
    count += static_cast<std::size_t>(size);
    if (beginning.size() < 1000) beginning.append(buffer.data(), static_cast<std::size_t>(size));
    if (count == announced_length(beginning)) return count;
  }
}

}  // namespace

std::size_t announced_length(std::string_view beginning) {
  const std::size_t end = beginning.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  // Field names are not case-sensitive, and some servers write them in small letters.
  for (const std::string_view name : {"\r\nContent-Length: ", "\r\ncontent-length: "}) {
    const std::size_t field = beginning.find(name);
    if (field >= end) continue;
    std::size_t body = 0;
    const char* digits = beginning.data() + field + name.size();
    std::from_chars(digits, beginning.data() + end, body);
    return end + 4 + body;
  }
  return 0;
}

base::Descriptor connect_to(std::uint16_t port) {
  base::Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return {};
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    socket.reset();
    errno = error;
  }
  return socket;
}

std::string post_head(std::uint16_t port, const std::string& path, std::size_t body_bytes) {
  return start_line_and_host("POST", port, path) +
         "Content-Type: text/plain\r\nContent-Length: " + std::to_string(body_bytes) + "\r\n";
}

Target learn_target(std::uint16_t port, const std::string& path, std::size_t body_bytes,
                    bool close) {
  Target target{port, {}, 0, close};
  target.request =
      body_bytes != 0 ? post_head(port, path, body_bytes) : start_line_and_host("GET", port, path);
  if (close) target.request += "Connection: close\r\n";
  target.request += "\r\n" + std::string(body_bytes, 'x');

  const base::Descriptor socket = connect_to(port);
  if (!socket) throw std::system_error(errno, std::generic_category(), "connect");
  const auto size = static_cast<ssize_t>(target.request.size());
  if (::send(socket.get(), target.request.data(), target.request.size(), MSG_NOSIGNAL) != size) {
    throw std::system_error(errno, std::generic_category(), "send");
  }
  std::string beginning;
  target.response_bytes = count_response(socket.get(), beginning);
  if (!beginning.starts_with("HTTP/1.1 200 ")) {
    throw std::runtime_error(path + " is answered by: " + beginning.substr(0, 300));
  }
  return target;
}

}  // namespace berth::bench
