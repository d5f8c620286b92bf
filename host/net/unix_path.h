// The file of a listening Unix socket: made by bind(2), given its mode, taken away again if it is
// still ours. Not the socket.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string>

#include "base/result.h"
#include "net/listen_error.h"
#include "net/unix_address.h"

namespace berth::net {

// Move-only, used by one thread at a time. Empty when default-made, moved from and removed. Never
// removes by itself: Listener decides when.
class UnixPath {
 public:
  UnixPath() noexcept = default;
  UnixPath(const UnixPath&) = delete;
  UnixPath& operator=(const UnixPath&) = delete;
  UnixPath(UnixPath&& other) noexcept;
  UnixPath& operator=(UnixPath&& other) noexcept;
  ~UnixPath() = default;

  // Binds `socket`, which does not listen yet: nobody can connect before the mode is what was asked
  // for. What stands at the path is removed only if it is a socket and nobody answers there
  // (connect(2) says ECONNREFUSED). Starting servers see each other: each holds a flock(2) on the
  // folder meanwhile, for limits::kUnixLockWait at most. The error's text has to be put behind
  // "cannot listen at ...". Codes: kAlreadyInUse (somebody answers, or it is no socket), kNotFound
  // (no such folder), kPermission, else as base::system_error.
  // REQUIRES: !address.is_abstract().
  [[nodiscard]] static base::Result<UnixPath, ListenError> bind(int socket,
                                                                const UnixAddress& address,
                                                                mode_t mode);

  // Unlinks the file where it is the one that was made; else, and when empty, nothing. Call it
  // before the socket is closed: until then its inode number is nobody else's.
  void remove() noexcept;

  [[nodiscard]] bool empty() const noexcept { return path_.empty(); }

 private:
  UnixPath(std::string path, const struct stat& file) noexcept;

  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace berth::net
