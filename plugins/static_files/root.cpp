#include "root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace static_files {

using berth::Descriptor;

namespace {

Descriptor open_folder(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

Descriptor open_beneath(const Descriptor& root, const char* name) {
  struct open_how how {};
  // Nothing is waited for (a FIFO), and nothing becomes our terminal.
  how.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
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

}  // namespace

std::string Root::problem() const {
  const Descriptor root = open_folder(path_);
  if (root.get() < 0) return "cannot open " + path_ + ": " + std::strerror(errno);
  if (open_beneath(root, ".").get() >= 0 || errno == EACCES) return {};  // it may be searched only
  const bool missing = errno == ENOSYS || errno == EPERM;
  if (!missing) return "cannot open " + path_ + ": " + std::strerror(errno);
  return "this system has no openat2(2) (Linux 5.6), and files are served with nothing less";
}

Opened Root::open(const std::string& name) const {
  Opened result;
  const Descriptor root = open_folder(path_);
  if (root.get() >= 0) result.file = open_beneath(root, name.c_str());
  if (result.file.get() < 0 || ::fstat(result.file.get(), &result.status) != 0) {
    result.error = errno;
  }
  return result;
}

}  // namespace static_files
