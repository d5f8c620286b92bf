#include "serve/hijacked.h"

#include <algorithm>

#include "net/wait.h"

namespace berth::serve {

base::TimePoint Hijacked::deadline(std::optional<base::Duration> timeout) const noexcept {
  if (!timeout) return base::TimePoint::max();
  const base::TimePoint now = clock_.now();
  return *timeout < base::TimePoint::max() - now ? now + *timeout : base::TimePoint::max();
}

IoResult<std::size_t> Hijacked::read(std::span<char> buffer,
                                     std::optional<base::Duration> timeout) {
  if (used_ < read_ahead_.size()) {
    const std::size_t bytes = read_ahead_.copy(buffer.data(), buffer.size(), used_);
    used_ += bytes;
    if (used_ == read_ahead_.size()) read_ahead_ = std::string();
    if (read_ahead_.empty()) used_ = 0;
    return bytes;
  }
  const base::TimePoint until = deadline(timeout);
  for (;;) {
    const net::IoResult result = stream_.read(buffer);
    switch (result.kind) {
      case net::IoResult::Kind::kBytes:
        return result.bytes;
      case net::IoResult::Kind::kEnd:
        return std::size_t{0};
      case net::IoResult::Kind::kError:
        return base::fail(IoError::kClosed);
      case net::IoResult::Kind::kWouldBlock:
        break;
    }
    const net::WaitResult waited = net::wait_readable(stream_.fd(), until);
    if (waited == net::WaitResult::kTimeout) return base::fail(IoError::kTimedOut);
    if (waited == net::WaitResult::kError) return base::fail(IoError::kClosed);
  }
}

IoStatus Hijacked::write(std::string_view bytes, std::optional<base::Duration> timeout) {
  const base::TimePoint until = deadline(timeout);
  while (!bytes.empty()) {
    const net::IoResult result = stream_.write(bytes);
    if (result.ok()) {
      bytes.remove_prefix(result.bytes);
      continue;
    }
    if (result.kind != net::IoResult::Kind::kWouldBlock) return base::fail(IoError::kClosed);
    const net::WaitResult waited = net::wait_writable(stream_.fd(), until);
    if (waited == net::WaitResult::kTimeout) return base::fail(IoError::kTimedOut);
    if (waited == net::WaitResult::kError) return base::fail(IoError::kClosed);
  }
  return base::done();
}

}  // namespace berth::serve
