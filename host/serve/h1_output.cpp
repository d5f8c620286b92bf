#include "serve/h1_output.h"

#include <fcntl.h>
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
  discard();
  return base::fail(error);
}

bool H1Output::send_now() noexcept {
  while (!lost_ && sent_ < bytes_.size()) {
    const net::IoResult result = stream_->write(bytes_.view().substr(sent_));
    if (result.kind == net::IoResult::Kind::kWouldBlock) {
      if (borrowed_ > 0) repay();
      return true;
    }
    if (!result.ok()) {
      (void)fail(IoError::kClosed);
      return false;
    }
    sent_ += result.bytes;
  }
  bytes_.clear();
  sent_ = 0;
  if (borrowed_ > 0) repay();
  return !lost_;
}

bool H1Output::send_rest() noexcept {
  while (!file_.empty()) {
    const net::IoResult result = file_.send(*stream_, base::limits::kFileTurn);
    if (result.kind == net::IoResult::Kind::kWouldBlock) return true;
    if (!result.ok()) {
      (void)fail(IoError::kClosed);
      return false;
    }
  }
  return true;
}

IoStatus H1Output::wait() {
  // DESIGN: never block while owning a loop; where no spare is left the response is given up.
  const sched::ClientWait wait(*worker_);
  if (!wait.allowed()) return base::fail(IoError::kExhausted);
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
  if (has_file()) {
    if (auto sent = flush(); !sent) return sent;
  }
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
      worker_->note_progress();
      const std::size_t of_kept = std::min(result.bytes, bytes_.size() - sent_);
      sent_ += of_kept;
      body.remove_prefix(result.bytes - of_kept);
      if (sent_ == bytes_.size()) {
        bytes_.clear();
        sent_ = 0;
      }
      if (borrowed_ > 0) repay();
      if (bytes_.empty() && body.empty()) return base::done();
      continue;
    }
    if (result.kind != net::IoResult::Kind::kWouldBlock) return fail(IoError::kClosed);
    if (bytes_.size() - sent_ + body.size() <= service_->options().unsent_bytes) {
      keep(body);
      return base::done();
    }
    if (auto waited = wait(); !waited) {
      if (lost_ || !borrow(body.size())) return lost_ ? waited : fail(IoError::kExhausted);
      keep(body);
      return base::done();
    }
  }
}

std::size_t H1Output::over(std::size_t more) const noexcept {
  const std::size_t unsent = bytes_.size() - sent_ + more;
  const std::size_t free = service_->options().unsent_bytes;
  return unsent > free ? unsent - free : 0;
}

bool H1Output::borrow(std::size_t bytes) noexcept {
  const std::size_t wanted = over(bytes);
  if (wanted > base::limits::kBorrowed) return false;
  if (wanted <= borrowed_) return true;
  if (!service_->reserve_buffered(wanted - borrowed_)) return false;
  borrowed_ = wanted;
  return true;
}

void H1Output::repay() noexcept {
  const std::size_t still = over(0);
  if (still >= borrowed_) return;
  service_->release_buffered(borrowed_ - still);
  borrowed_ = still;
  if (bytes_.empty()) bytes_ = base::Buffer();  // its memory was borrowed, too
}

// The head goes out on its own first: one send more, where the file is larger than a gathered body.
IoStatus H1Output::send_file(int file, std::uint64_t offset, std::uint64_t size) {
  if (has_file()) {
    if (auto sent = flush(); !sent) return sent;
  }
  while (size > kGather) {
    if (!try_send()) return base::fail(IoError::kClosed);
    if (bytes_.empty()) {
      const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(size, SSIZE_MAX));
      const net::IoResult sent = stream_->send_file(file, offset, most);
      if (sent.ok()) {
        worker_->note_progress();
        offset += sent.bytes;
        size -= sent.bytes;
        continue;
      }
      if (sent.kind == net::IoResult::Kind::kEnd) return base::fail(IoError::kInvalid);
      if (cannot_send_files(sent)) return copy_file(file, offset, size);
      if (sent.kind == net::IoResult::Kind::kError) return fail(IoError::kClosed);
    }
    // The socket is full: the rest stays in the file.
    base::Descriptor kept(::fcntl(file, F_DUPFD_CLOEXEC, 0));
    if (kept) {
      file_ = {std::move(kept), offset, size};
      return base::done();
    }
    // No descriptor is left.
    if (auto waited = wait(); !waited) return lost_ ? waited : fail(IoError::kExhausted);
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
  worker_->note_progress();  // what follows sends, or fails
  while (true) {
    if (!try_send()) return base::fail(IoError::kClosed);
    if (bytes_.empty() && !send_rest()) return base::fail(IoError::kClosed);
    if (empty()) return base::done();
    if (auto waited = wait(); !waited) return lost_ ? waited : fail(IoError::kExhausted);
  }
}

base::Buffer H1Output::take() {
  bytes_.erase_front(std::exchange(sent_, 0));
  base::Buffer left = std::move(bytes_);
  if (borrowed_ > 0) repay();  // the connection counts what it keeps
  return left;
}

}  // namespace berth::serve
