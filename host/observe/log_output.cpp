#include "observe/log_output.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace berth::observe {

namespace {

constexpr mode_t kFileMode = 0640;

// At most PIPE_BUF bytes, up to the last newline among them if there is one.
std::string_view whole_lines(std::string_view data) noexcept {
  if (data.size() <= PIPE_BUF) return data;
  const std::string_view head = data.substr(0, PIPE_BUF);
  const std::size_t newline = head.rfind('\n');
  return newline == std::string_view::npos ? head : head.substr(0, newline + 1);
}

// True: something may be written, or the next write tells what is wrong.
bool wait_writable(int fd, std::chrono::nanoseconds patience) noexcept {
  pollfd entry{fd, POLLOUT, 0};
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timespec limit{static_cast<time_t>(seconds.count()),
                       static_cast<long>((patience - seconds).count())};
  return ::ppoll(&entry, 1, &limit, nullptr) > 0;
}

}  // namespace

LogOutput::LogOutput(base::Descriptor descriptor, Kind kind) noexcept
    : descriptor_(std::move(descriptor)), kind_(kind) {}

base::Result<LogOutput> LogOutput::open(const std::string& output) {
  base::Descriptor descriptor;
  if (output == "stderr" || output == "stdout") {
    const int standard = output == "stderr" ? STDERR_FILENO : STDOUT_FILENO;
    descriptor.reset(::fcntl(standard, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  } else {
    // O_NONBLOCK: a FIFO without a reader is an error, not a wait; files ignore it.
    descriptor.reset(::open(output.c_str(),
                            O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                            kFileMode));
  }
  if (!descriptor) return base::fail(base::system_error(errno, "cannot log to " + output));
  struct stat status {};
  if (::fstat(descriptor.get(), &status) != 0) {
    return base::fail(base::system_error(errno, "cannot log to " + output));
  }
  Kind kind = Kind::kOther;
  if (S_ISREG(status.st_mode)) kind = Kind::kFile;
  if (S_ISSOCK(status.st_mode)) kind = Kind::kSocket;
  return LogOutput(std::move(descriptor), kind);
}

ssize_t LogOutput::write_some(std::string_view data) const noexcept {
  switch (kind_) {
    case Kind::kFile:
      return ::write(descriptor_.get(), data.data(), data.size());
    case Kind::kSocket: {  // journald's: a stream socket
      const std::string_view part = whole_lines(data);
      return ::send(descriptor_.get(), part.data(), part.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    case Kind::kOther:
      break;
  }
  // A pipe that polls as writable takes PIPE_BUF bytes without blocking, whatever its flags are.
  if (!wait_writable(descriptor_.get(), std::chrono::nanoseconds::zero())) {
    errno = EAGAIN;
    return -1;
  }
  const std::string_view part = whole_lines(data);
  return ::write(descriptor_.get(), part.data(), part.size());
}

LogOutput::Written LogOutput::write(
    std::string_view data, const std::function<std::chrono::nanoseconds()>& patience) noexcept {
  std::size_t written = 0;
  while (written < data.size()) {
    const ssize_t put = write_some(data.substr(written));
    if (put > 0) {
      written += static_cast<std::size_t>(put);
    } else if (put == 0) {
      return {written, EIO};  // POSIX allows no such answer; never spin on it
    } else if (errno == EAGAIN) {
      const std::chrono::nanoseconds wait = patience();
      if (wait <= std::chrono::nanoseconds::zero()) return {written, ETIMEDOUT};
      wait_writable(descriptor_.get(), wait);
    } else if (errno != EINTR) {
      return {written, errno};
    }
  }
  return {written, 0};
}

}  // namespace berth::observe
