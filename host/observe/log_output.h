// Where log lines end: stderr, stdout or a file, written without being held up for ever by a pipe
// nobody reads. It keeps nothing back and has no thread of its own.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/descriptor.h"
#include "base/result.h"

namespace berth::observe {

// Move-only; one thread at a time.
class LogOutput {
 public:
  LogOutput() noexcept = default;  // closed: every write fails with EBADF

  // "stderr", "stdout" (their own descriptors, duplicated) or a path: opened for appending
  // (O_APPEND, O_CLOEXEC), made with mode 0640. Errors name the path.
  [[nodiscard]] static base::Result<LogOutput> open(const std::string& output);

  struct Written {
    std::size_t bytes;  // a prefix of data
    int error;          // 0: all of it; ETIMEDOUT: given up; else errno of write(2)
  };
  // Writes all of data, as long as it takes: pipes, sockets and terminals are asked with poll(2)
  // and given at most 4 KiB of whole lines (PIPE_BUF: not mixed with other writers'), so that no
  // write blocks. While the output takes nothing, `patience` is asked how long to wait on; zero
  // ends the attempt. REQUIRES SIGPIPE blocked or ignored.
  [[nodiscard]] Written write(std::string_view data,
                              const std::function<std::chrono::nanoseconds()>& patience) noexcept;

 private:
  enum class Kind { kFile, kSocket, kOther };
  LogOutput(base::Descriptor descriptor, Kind kind) noexcept;

  // What write(2) or send(2) said; errno is set if negative.
  [[nodiscard]] ssize_t write_some(std::string_view data) const noexcept;

  base::Descriptor descriptor_;
  Kind kind_ = Kind::kFile;
};

}  // namespace berth::observe
