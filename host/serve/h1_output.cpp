#include "serve/h1_output.h"

#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "net/wait.h"
#include "sched/client_wait.h"
#include "serve/service.h"

namespace berth::serve {

IoStatus H1Output::fail(IoError error) noexcept {
  lost_ = true;
  bytes_.clear();
  sent_ = 0;
  return base::fail(error);
}

bool H1Output::send_now() noexcept {
  while (!lost_ && sent_ < bytes_.size()) {
    const net::IoResult result = stream_->write(bytes_.view().substr(sent_));
    if (result.kind == net::IoResult::Kind::kWouldBlock) return true;
    if (!result.ok()) {
      (void)fail(IoError::kClosed);
      return false;
    }
    sent_ += result.bytes;
  }
  bytes_.clear();
  sent_ = 0;
  return !lost_;
}

IoStatus H1Output::wait() {
  // DESIGN: never block while owning a loop; where no spare is left the response is given up.
  const sched::ClientWait wait(*worker_);
  if (!wait.allowed()) return fail(IoError::kExhausted);
  base::TimePoint deadline = service_->clock().now() + service_->options().write_stall;
  if (limit_) deadline = std::min(deadline, *limit_);
  if (net::wait_writable(stream_->fd(), deadline) != net::WaitResult::kReady) {
    return fail(IoError::kTimedOut);
  }
  return base::done();
}

void H1Output::keep(std::string_view body) {
  if (sent_ > 0) {
    bytes_.erase_front(sent_);
    sent_ = 0;
  }
  bytes_.append(body);
}

IoStatus H1Output::write_on(std::string_view body) {
  if (lost_) return base::fail(IoError::kClosed);
  if (bytes_.size() - sent_ + body.size() <= kGather) {
    keep(body);
    return base::done();
  }
  for (;;) {
    const std::array<iovec, 2> parts{
        iovec{bytes_.data() + sent_, bytes_.size() - sent_},
        iovec{const_cast<char*>(body.data()),
              body.size()},  // sendmsg reads only; iovec has no const
    };
    const net::IoResult result = stream_->write(std::span(parts));
    if (result.ok()) {
      const std::size_t of_kept = std::min(result.bytes, bytes_.size() - sent_);
      sent_ += of_kept;
      body.remove_prefix(result.bytes - of_kept);
      if (sent_ == bytes_.size()) {
        bytes_.clear();
        sent_ = 0;
      }
      if (bytes_.empty() && body.empty()) return base::done();
      continue;
    }
    if (result.kind != net::IoResult::Kind::kWouldBlock) return fail(IoError::kClosed);
    if (bytes_.size() - sent_ + body.size() <= service_->options().unsent_bytes) {
      keep(body);
      return base::done();
    }
    if (auto waited = wait(); !waited) return waited;
  }
}

// The head goes out on its own first: one send more, where the file is larger than a gathered body.
IoStatus H1Output::send_file(int file, std::uint64_t offset, std::uint64_t size) {
  while (size > kGather) {
    if (!try_send()) return base::fail(IoError::kClosed);
    if (bytes_.empty()) {
      const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(size, SSIZE_MAX));
      const net::IoResult sent = stream_->send_file(file, offset, most);
      if (sent.ok()) {
        offset += sent.bytes;
        size -= sent.bytes;
        continue;
      }
      if (sent.kind == net::IoResult::Kind::kEnd) return base::fail(IoError::kInvalid);
      const bool cannot = sent.error == EINVAL || sent.error == ENOSYS || sent.error == ESPIPE;
      if (sent.kind == net::IoResult::Kind::kError) {
        return cannot ? copy_file(file, offset, size) : fail(IoError::kClosed);
      }
    }
    if (bytes_.size() + size <= service_->options().unsent_bytes) break;
    if (auto waited = wait(); !waited) return waited;
  }
  return copy_file(file, offset, size);
}

IoStatus H1Output::copy_file(int file, std::uint64_t offset, std::uint64_t size) {
  std::array<char, kGather> piece;
  while (size > 0) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), size));
    const ssize_t got = ::pread(file, piece.data(), want, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return base::fail(IoError::kInvalid);
    const auto bytes = static_cast<std::size_t>(got);
    if (auto sent = write({piece.data(), bytes}); !sent) return sent;
    offset += bytes;
    size -= bytes;
  }
  return base::done();
}

IoStatus H1Output::flush() {
  while (true) {
    if (!try_send()) return base::fail(IoError::kClosed);
    if (bytes_.empty()) return base::done();
    if (auto waited = wait(); !waited) return waited;
  }
}

base::Buffer H1Output::take() {
  bytes_.erase_front(std::exchange(sent_, 0));
  return std::move(bytes_);
}

}  // namespace berth::serve
