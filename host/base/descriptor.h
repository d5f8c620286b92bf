// Owns one file descriptor and closes it; not a socket or a file, only the number.
#pragma once

#include <unistd.h>

#include <utility>

namespace berth::base {

// Move-only. -1 means empty. close(2) errors are ignored: Linux frees the number in every case,
// EINTR included.
class Descriptor {
 public:
  Descriptor() noexcept = default;
  // Takes ownership of fd, which may be -1.
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) {
      reset(other.release());
    }
    return *this;
  }
  ~Descriptor() noexcept { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  // Gives the number up; the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  // Closes what is held, then holds fd.
  void reset(int fd = -1) noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace berth::base
