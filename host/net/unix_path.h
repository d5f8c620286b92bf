// The file of a listening Unix socket: made by bind(2), given its mode, taken away again if it is
// still ours. Not the socket.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <string>
#include <utility>

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

  // One that another process has made, as it tells. The socket has to be open here, too.
  UnixPath(std::string path, dev_t device, ino_t inode) noexcept
      : path_(std::move(path)), device_(device), inode_(inode) {}

  // Unlinks the file where it is the one that was made; else, and when empty, nothing. Call it
  // before the socket is closed: until then its inode number is nobody else's.
  void remove() noexcept;

  [[nodiscard]] bool empty() const noexcept { return path_.empty(); }
  // What tells it to another process.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] dev_t device() const noexcept { return device_; }
  [[nodiscard]] ino_t inode() const noexcept { return inode_; }

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace berth::net
