#include "root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace static_files {

using berth::Descriptor;

namespace {

Descriptor open_folder(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

// To be read: nothing is waited for (a FIFO), and nothing becomes our terminal.
constexpr std::uint64_t kToRead = O_RDONLY | O_NONBLOCK | O_NOCTTY;

Descriptor open_beneath(const Descriptor& root, const char* name, std::uint64_t flags) {
  struct open_how how {};
  how.flags = flags | O_CLOEXEC;
  // CVE-2021-41773: the kernel judges every step, so that no check of a name can be outrun.
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  // EAGAIN: something was renamed while ".." of a link was looked at; openat2(2) says try again.
  constexpr int kAttempts = 8;
  long fd = -1;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    fd = ::syscall(SYS_openat2, root.get(), name, &how, sizeof how);
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) break;
  }
  return Descriptor(static_cast<int>(fd));
}

std::string cannot_open(const std::string& path, int error) {
  return "cannot open " + path + ": " + std::generic_category().message(error);
}

}  // namespace

std::string Root::problem() const {
  const Descriptor root = open_folder(path_);
  if (root.get() < 0) return cannot_open(path_, errno);
  // It may be searched only.
  if (open_beneath(root, ".", kToRead).get() >= 0 || errno == EACCES) return {};
  const bool missing = errno == ENOSYS || errno == EPERM;
  if (!missing) return cannot_open(path_, errno);
  return "this system has no openat2(2) (Linux 5.6, without RestrictSUIDSGID= of systemd), and "
         "files "
         "are served with nothing less";
}

Opened Root::open(const std::string& name) const {
  Opened result;
  const Descriptor root = open_folder(path_);
  if (root.get() >= 0) result.file = open_beneath(root, name.c_str(), kToRead);
  if (root.get() >= 0 && result.file.get() < 0 && errno == EACCES) {
    result.file = open_beneath(root, name.c_str(), O_PATH | O_DIRECTORY);
    if (result.file.get() < 0) errno = EACCES;  // no folder, or behind one that is closed
  }
  if (result.file.get() < 0 || ::fstat(result.file.get(), &result.status) != 0) {
    result.error = errno;
  }
  return result;
}

}  // namespace static_files
