// A part of a file that is still to be sent: what a handler left to its loop of a file larger than
// the socket took. Holds the file open; holds none of its bytes.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "base/descriptor.h"
#include "net/stream.h"

namespace berth::serve {

struct FileRest {
  base::Descriptor file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // 0: nothing is left

  [[nodiscard]] bool empty() const noexcept { return size == 0; }
  void reset() noexcept { *this = FileRest(); }

  // Sends once what the stream takes of it, at most `most` bytes. kEnd: the file has become
  // shorter.
  [[nodiscard]] net::IoResult send(net::Stream& stream, std::size_t most) noexcept {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(size, most));
    const net::IoResult result = stream.send_file(file.get(), offset, count);
    if (result.ok()) {
      offset += result.bytes;
      size -= result.bytes;
      if (size == 0) file.reset();
    }
    return result;
  }
};

// Whether the stream or the file can do without send_file() only: read and write it.
[[nodiscard]] inline bool cannot_send_files(const net::IoResult& result) noexcept {
  return result.kind == net::IoResult::Kind::kError &&
         (result.error == EINVAL || result.error == ENOSYS || result.error == ESPIPE);
}

}  // namespace berth::serve
