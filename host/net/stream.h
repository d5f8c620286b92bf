// One connection's bytes, plain or TLS: non-blocking reads and writes. Not an HTTP connection, and
// it never waits (wait.h does).
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace berth::net {

// What one read or write did. Fits two registers.
struct IoResult {
  enum class Kind : std::uint8_t {
    kBytes,       // `bytes` were moved, at least 1
    kWouldBlock,  // nothing now: wait until readable or writable, as asked
    kEnd,         // reads: the peer sent FIN; send_file: the file has no more
    kError,       // `error` is an errno: ECONNRESET, EPIPE, ETIMEDOUT...; the stream is done for
  };

  Kind kind;
  int error;          // 0 unless kError
  std::size_t bytes;  // 0 unless kBytes

  [[nodiscard]] static IoResult moved(std::size_t bytes) noexcept {
    return {Kind::kBytes, 0, bytes};
  }
  [[nodiscard]] static IoResult would_block() noexcept { return {Kind::kWouldBlock, 0, 0}; }
  [[nodiscard]] static IoResult end() noexcept { return {Kind::kEnd, 0, 0}; }
  [[nodiscard]] static IoResult failed(int error) noexcept { return {Kind::kError, error, 0}; }

  [[nodiscard]] bool ok() const noexcept { return kind == Kind::kBytes; }
};

static_assert(sizeof(IoResult) == 16);

// One owner at a time (the holder of the connection's IO side), except for a handler's deadline:
// the loop may then call write() and shutdown_write() while the owner is in read(), and
// shutdown_both() or cut() whatever the owner does, as long as nobody closes.
class Stream {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  // Up to buffer.size() bytes. REQUIRES !buffer.empty() (a read of nothing would look like FIN).
  [[nodiscard]] virtual IoResult read(std::span<char> buffer) noexcept = 0;
  // Takes a prefix of data, as much as fits; the rest is the caller's. No SIGPIPE. Nothing to write
  // is kBytes with 0.
  [[nodiscard]] virtual IoResult write(std::string_view data) noexcept = 0;
  // The same over several parts in order, at most IOV_MAX (1024) of them looked at in a call.
  [[nodiscard]] virtual IoResult write(std::span<const iovec> parts) noexcept = 0;

  // Takes up to `count` bytes of a file from `offset` on, without bringing them here where the
  // stream can; otherwise kError with EINVAL, and the caller reads and writes. kEnd: the file is
  // shorter.
  [[nodiscard]] virtual IoResult send_file(int file, std::uint64_t offset,
                                           std::size_t count) noexcept = 0;

  // FIN after what was written; reading goes on.
  virtual void shutdown_write() noexcept = 0;
  // Both ways: waiting and later calls end at once (kEnd, EPIPE). The descriptor stays valid.
  virtual void shutdown_both() noexcept = 0;
  // The same, and the peer sees that it was cut: RST where the transport has one. For bytes that
  // end by closing nothing else tells (RFC 9112 s8).
  virtual void cut() noexcept = 0;
  // Frees the descriptor; fd() is -1 from then on. May be called twice. The destructor does it.
  virtual void close() noexcept = 0;

  // For registering and waiting only; the stream keeps owning it.
  [[nodiscard]] virtual int fd() const noexcept = 0;

 protected:
  Stream() noexcept = default;
};

}  // namespace berth::net
