#include "net/plain_stream.h"

#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <Poco/Net/StreamSocketImpl.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

#include "base/limits.h"

namespace berth::net {

namespace {

IoResult failure() noexcept {
  const int error = errno;
  if (error == EAGAIN) return IoResult::would_block();
  return IoResult::failed(error);
}

// recv(2) and send(2) without glibc's wrappers: those are cancellation points, and switching that
// on and off costs a process with threads 65 instructions a call. Nobody cancels our threads.
ssize_t receive_now(int fd, std::span<char> buffer) noexcept {
  return ::syscall(SYS_recvfrom, fd, buffer.data(), buffer.size(), 0, nullptr, nullptr);
}
ssize_t send_now(int fd, std::string_view data) noexcept {
  return ::syscall(SYS_sendto, fd, data.data(), data.size(), MSG_NOSIGNAL, nullptr, 0);
}

// The socket owns the descriptor as soon as its block is there.
Poco::Net::StreamSocket adopt(base::Descriptor& descriptor) {
  auto* const implementation = new Poco::Net::StreamSocketImpl(descriptor.get());
  static_cast<void>(descriptor.release());
  return Poco::Net::StreamSocket(implementation);
}

}  // namespace

PlainStream::PlainStream(base::Descriptor descriptor)
    : socket_(adopt(descriptor)), fd_(socket_.impl()->sockfd()) {}

PlainStream::~PlainStream() { PlainStream::close(); }

IoResult PlainStream::read(std::span<char> buffer) noexcept {
  assert(!buffer.empty());
  for (;;) {
    const ssize_t got = receive_now(fd_, buffer);
    if (got > 0) return IoResult::moved(static_cast<std::size_t>(got));
    if (got == 0) return IoResult::end();
    if (errno != EINTR) return failure();
  }
}

IoResult PlainStream::write(std::string_view data) noexcept {
  if (data.empty()) return IoResult::moved(0);
  for (;;) {
    const ssize_t put = send_now(fd_, data);
    if (put >= 0) return IoResult::moved(static_cast<std::size_t>(put));
    if (errno != EINTR) return failure();
  }
}

IoResult PlainStream::write(std::span<const iovec> parts) noexcept {
  msghdr message{};
  // sendmsg does not write to the parts; POSIX gave msg_iov no const.
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = std::min<std::size_t>(parts.size(), IOV_MAX);
  if (message.msg_iovlen == 0) return IoResult::moved(0);
  for (;;) {
    const ssize_t put = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
    if (put >= 0) return IoResult::moved(static_cast<std::size_t>(put));
    if (errno != EINTR) return failure();
  }
}

IoResult PlainStream::send_file(int file, std::uint64_t offset, std::size_t count) noexcept {
  for (;;) {
    auto at = static_cast<off_t>(offset);
    const ssize_t put = ::sendfile(fd_, file, &at, count);
    if (put > 0) return IoResult::moved(static_cast<std::size_t>(put));
    if (put == 0) return IoResult::end();
    if (errno != EINTR) return failure();
  }
}

void PlainStream::shutdown_write() noexcept { ::shutdown(fd_, SHUT_WR); }

void PlainStream::shutdown_both() noexcept { ::shutdown(fd_, SHUT_RDWR); }

void PlainStream::cut() noexcept {
  // connect(2) to nowhere resets a TCP connection at once and wakes whoever waits for it; close()
  // with SO_LINGER would take the descriptor away from them.
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  // Without glibc's wrapper, which ThreadSanitizer takes for a new descriptor's.
  if (::syscall(SYS_connect, fd_, &nowhere, sizeof nowhere) != 0) shutdown_both();
}

void PlainStream::close() noexcept {
  if (fd_ < 0) return;
  fd_ = -1;
  socket_.close();
}

}  // namespace berth::net
