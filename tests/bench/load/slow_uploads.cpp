#include "bench/load/slow_uploads.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

namespace berth::bench {
namespace {

constexpr std::size_t kBodyBytes = 10U << 20U;
constexpr std::size_t kPieceBytes = 1024;
constexpr std::chrono::milliseconds kBetweenPieces{100};

}  // namespace

SlowUploads::SlowUploads(std::uint16_t port, const std::string& path, std::size_t count)
    : piece_(kPieceBytes, 'x'), due_(Clock::now()) {
  if (count == 0) return;
  const std::string head = post_head(port, path, kBodyBytes) + "\r\n";
  interval_ = Clock::duration(kBetweenPieces) / count;
  for (std::size_t i = 0; i < count; ++i) {
    base::Descriptor socket = connect_to(port);
    if (!socket || ::send(socket.get(), head.data(), head.size(), MSG_NOSIGNAL) < 0) {
      throw std::system_error(errno, std::generic_category(), "slow upload");
    }
    sockets_.push_back(std::move(socket));
  }
}

void SlowUploads::advance(Clock::time_point now) {
  if (sockets_.empty()) return;
  for (; due_ <= now; due_ += interval_) {
    base::Descriptor& socket = sockets_[next_];
    next_ = (next_ + 1) % sockets_.size();
    if (!socket) continue;
    const ssize_t sent =
        ::send(socket.get(), piece_.data(), piece_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      socket.reset();
      ++cut_;
    }
  }
}

}  // namespace berth::bench
