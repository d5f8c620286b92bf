#include "base/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "base/descriptor.h"

namespace berth::base {

namespace {

constexpr mode_t kWritableByOthers = S_IWGRP | S_IWOTH;

bool is_ours(const struct stat& status) noexcept {
  return (status.st_uid == 0 || status.st_uid == ::geteuid()) &&
         (status.st_mode & kWritableByOthers) == 0;
}

Status<> write_and_sync(int file, std::string_view bytes, mode_t mode, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_error(errno, "cannot write " + path));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fchmod(file, mode) != 0) return fail(system_error(errno, "cannot set the mode of " + path));
  if (::fsync(file) != 0) return fail(system_error(errno, "cannot write " + path + " to the disk"));
  return done();
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Status<> write_new_file(const std::string& path, std::string_view bytes, mode_t mode) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return fail(system_error(errno, "cannot make " + path));
  auto written = write_and_sync(file.get(), bytes, mode, path);
  if (!written) ::unlink(path.c_str());
  return written;
}

Status<> replace_file(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string aside = folder_of(path) + "/" + std::string(kNewPrefix) + "XXXXXX";
  const Descriptor file(::mkostemp(aside.data(), O_CLOEXEC));
  if (!file) return fail(system_error(errno, "cannot make a file in " + folder_of(path)));
  auto written = write_and_sync(file.get(), bytes, mode, aside);
  if (written && ::rename(aside.c_str(), path.c_str()) != 0) {
    written = fail(system_error(errno, "cannot rename " + aside + " to " + path));
  }
  if (written) return sync_folder(folder_of(path));
  ::unlink(aside.c_str());
  return written;
}

Status<> sync_folder(const std::string& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened) return fail(system_error(errno, "cannot open " + folder));
  if (::fsync(opened.get()) == 0 || errno == EINVAL) return done();  // EINVAL: it cannot be synced
  return fail(system_error(errno, "cannot write " + folder + " to the disk"));
}

Result<std::string> read_private_file(const std::string& path, std::uint64_t max_bytes) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  const Descriptor file(::open(path.c_str(), kFlags));
  if (!file) return fail(system_error(errno, "cannot open " + path));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail(system_error(errno, "cannot look at " + path));
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorCode::kInvalidArgument, path + " is not a regular file");
  }
  if (!is_ours(status)) {
    return fail(ErrorCode::kPermission, path + " belongs to somebody else, or others may write it");
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > max_bytes) {
    return fail(ErrorCode::kExhausted,
                path + " is larger than " + std::to_string(max_bytes) + " bytes");
  }
  std::string bytes(static_cast<std::size_t>(size), '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::read(file.get(), bytes.data() + filled, bytes.size() - filled);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(system_error(errno, "cannot read " + path));
    if (count == 0) break;
    filled += static_cast<std::size_t>(count);
  }
  bytes.resize(filled);
  return bytes;
}

Status<> make_private_folder(const std::string& folder) {
  for (std::size_t at = folder.find('/', 1);; at = folder.find('/', at + 1)) {
    const std::string part = folder.substr(0, at);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail(system_error(errno, "cannot make folder " + part));
    }
    if (at == std::string::npos) break;
  }
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0) {
    return fail(system_error(errno, "cannot look at " + folder));
  }
  if (S_ISDIR(status.st_mode) && is_ours(status)) return done();
  return fail(ErrorCode::kPermission,
              folder + " has to be a folder of user " + std::to_string(::geteuid()) +
                  " that nobody else may write to: chmod 0700, or remove it");
}

}  // namespace berth::base
