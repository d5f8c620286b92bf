// bench_threads PORT: the least that can be done where a handler blocks its thread: a thread for
// each connection, which receives, sleeps and sends. It parses next to nothing and is no server.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <string_view>
#include <thread>
#include <utility>

#include "base/descriptor.h"

namespace {

using berth::base::Descriptor;

constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Date: Sun, 22 Nov 2026 12:00:00 GMT\r\nContent-Length: 6\r\n\r\nslept\n";

// Of "GET /sleep/300us ...": what stands behind the last slash.
std::chrono::microseconds time_of(std::string_view request) {
  const std::string_view path = request.substr(0, request.find(' ', 4));
  const std::string_view text = path.substr(path.rfind('/') + 1);
  std::int64_t count = 0;
  const char* const unit = std::from_chars(text.data(), text.data() + text.size(), count).ptr;
  return std::chrono::microseconds(std::string_view(unit, 2) == "ms" ? 1000 * count : count);
}

void serve(const Descriptor& socket) {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t size = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (size <= 0) return;
    const std::string_view request(buffer.data(), static_cast<std::size_t>(size));
    std::this_thread::sleep_for(time_of(request));
    if (::send(socket.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0) return;
  }
}

}  // namespace

int main(int argc, char** argv) try {
  std::uint16_t port = 0;
  const std::string_view text = argc == 2 ? argv[1] : "";
  if (std::from_chars(text.data(), text.data() + text.size(), port).ec != std::errc()) {
    std::fputs("usage: bench_threads PORT\n", stderr);
    return 2;
  }
  const Descriptor listener(::socket(AF_INET, SOCK_STREAM, 0));
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(listener.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener.get(), SOMAXCONN) != 0) {
    std::perror("bench_threads");
    return 1;
  }
  for (;;) {
    Descriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket) continue;
    std::thread([socket = std::move(socket)] { serve(socket); }).detach();
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_threads: %s\n", error.what());
  return 1;
}
