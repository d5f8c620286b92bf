#include "net/unix_path.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/limits.h"

namespace berth::net {

namespace {

constexpr mode_t kModeBits = 07777;
constexpr std::chrono::milliseconds kLockPoll(5);

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Two servers that start at once on the same stale path: without it the second takes the socket
// that the first has bound and does not listen on yet for stale, too. A folder that cannot be read
// or whose lock somebody keeps is used without.
base::Descriptor lock_folder(const std::string& folder) noexcept {
  base::Descriptor lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const base::TimePoint deadline = base::system_clock().now() + base::limits::kUnixLockWait;
  while (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK &&
         base::system_clock().now() < deadline) {
    std::this_thread::sleep_for(kLockPoll);
  }
  return lock;
}

base::Failure<ListenError> failed(int error_number, std::string_view step, std::string help = {}) {
  base::Error error = base::system_error(error_number, step);
  return base::fail(ListenError{error.code, std::move(error.text), std::move(help)});
}

base::Failure<ListenError> taken(std::string text, std::string help) {
  return base::fail(ListenError{base::ErrorCode::kAlreadyInUse, std::move(text), std::move(help)});
}

std::string_view kind_of(mode_t mode) noexcept {
  if (S_ISLNK(mode)) return "a symbolic link";
  if (S_ISDIR(mode)) return "a folder";
  return "a file that is no socket";
}

// Unlinks a socket nobody listens on.
base::Status<ListenError> remove_stale(const UnixAddress& address) {
  const std::string& path = address.text();
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) {
    if (errno == ENOENT) return base::done();
    return failed(errno, "stat");
  }
  if (!S_ISSOCK(file.st_mode)) {
    return taken("there is " + std::string(kind_of(file.st_mode)),
                 "remove it, or choose another path; berth removes nothing but dead sockets");
  }
  const base::Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe) return failed(errno, "socket");
  const int refused = ::connect(probe.get(), address.data(), address.size()) == 0 ? 0 : errno;
  switch (refused) {
    case ECONNREFUSED:
      if (::unlink(path.c_str()) == 0 || errno == ENOENT) return base::done();
      return failed(errno, "remove the dead socket there");
    case ENOENT:
      return base::done();
    case 0:
    case EAGAIN:  // its backlog is full
      return taken("another process listens there",
                   "`ss -lxp src " + path + "` as root shows which");
    case EPROTOTYPE:
      return taken("another process has a socket of another type there",
                   "`ss -xap src " + path + "` as root shows which");
    default:
      return failed(refused, "cannot tell whether another process listens there",
                    "remove the socket if none does");
  }
}

base::Failure<ListenError> bind_failed(int error_number, const std::string& folder) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return failed(error_number, "bind",
                    "make the folder " + folder + " first, as systemd does for RuntimeDirectory=");
    case EACCES:
    case EROFS:
      return failed(error_number, "bind", "berth's user has to be able to make files in " + folder);
    default:
      return failed(error_number, "bind");
  }
}

}  // namespace

UnixPath::UnixPath(UnixPath&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

UnixPath& UnixPath::operator=(UnixPath&& other) noexcept {
  path_ = std::exchange(other.path_, {});
  device_ = other.device_;
  inode_ = other.inode_;
  return *this;
}

base::Result<UnixPath, ListenError> UnixPath::bind(int socket, const UnixAddress& address,
                                                   mode_t mode) {
  assert(!address.is_abstract());
  const std::string& path = address.text();
  const std::string folder = folder_of(path);
  const base::Descriptor lock = lock_folder(folder);
  // Linux makes the file with the socket's own mode less the umask: so never with more than asked.
  (void)::fchmod(socket, mode);
  if (::bind(socket, address.data(), address.size()) != 0) {
    if (errno != EADDRINUSE) return bind_failed(errno, folder);
    if (auto removed = remove_stale(address); !removed) {
      return base::fail(std::move(removed).error());
    }
    if (::bind(socket, address.data(), address.size()) != 0) return bind_failed(errno, folder);
  }
  // By descriptor: what stands at the path may be replaced by whoever may write the folder.
  const base::Descriptor file(::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat made {};
  if (!file || ::fstat(file.get(), &made) != 0) return failed(errno, "open what was bound");
  if (!S_ISSOCK(made.st_mode)) return taken("another process has replaced the socket there", "");
  UnixPath result(path, made.st_dev, made.st_ino);
  const std::string same = "/proc/self/fd/" + std::to_string(file.get());
  if ((made.st_mode & kModeBits) != mode && ::chmod(same.c_str(), mode) != 0) {
    const int error_number = errno;
    (void)::unlink(path.c_str());
    return failed(error_number, "set the mode");
  }
  return result;
}

void UnixPath::remove() noexcept {
  if (path_.empty()) return;
  try {
    const base::Descriptor lock = lock_folder(folder_of(path_));
    struct stat now {};
    const bool ours = ::lstat(path_.c_str(), &now) == 0 && S_ISSOCK(now.st_mode) &&
                      now.st_dev == device_ && now.st_ino == inode_;
    if (ours) (void)::unlink(path_.c_str());
  } catch (...) {
    // No memory for a text: the next start finds a dead socket and removes it.
  }
  path_.clear();
}

}  // namespace berth::net
