#include "config/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <utility>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/limits.h"

namespace berth::config {

namespace {

constexpr std::size_t kBlock = 64 * base::limits::kKiB;

base::Failure<Diagnostic> refuse(const std::string& path, std::string what, std::string help = {}) {
  return base::fail(Diagnostic{{path, 0, 0}, std::move(what), {}, std::move(help)});
}

bool same_time(const timespec& a, const timespec& b) noexcept {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

// A file that was replaced by rename has lost its name, which its ctime shows; what was opened is
// read whole all the same.
bool unchanged(const struct stat& before, const struct stat& after) noexcept {
  return before.st_size == after.st_size && same_time(before.st_mtim, after.st_mtim) &&
         (same_time(before.st_ctim, after.st_ctim) || after.st_nlink == 0);
}

bool before_or_at(const timespec& a, const timespec& b) noexcept {
  return a.tv_sec != b.tv_sec ? a.tv_sec < b.tv_sec : a.tv_nsec <= b.tv_nsec;
}

// Before Linux 6.13 a file's times are those of the kernel's last tick: another write in that tick
// would not show in them. Waits for the next one; not for a clock that was set back.
bool stat_after_the_tick(int file, struct stat& status) noexcept {
  constexpr int kTicks = 3;
  for (int tick = 0;; ++tick) {
    timespec now{};
    if (::fstat(file, &status) != 0) return false;
    if (::clock_gettime(CLOCK_REALTIME_COARSE, &now) != 0 || tick == kTicks) return true;
    if (!before_or_at(now, status.st_mtim) && !before_or_at(now, status.st_ctim)) return true;
    timespec length{};
    if (::clock_getres(CLOCK_REALTIME_COARSE, &length) != 0) return true;
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &length, nullptr);
  }
}

}  // namespace

base::Status<Diagnostic> check_owner(const std::string& path, uid_t owner, mode_t mode, uid_t user,
                                     std::vector<Diagnostic>& warnings) {
  if (owner != 0 && owner != user) {
    return refuse(path,
                  "the file belongs to user " + std::to_string(owner) +
                      ", neither root nor the user berth runs as (" + std::to_string(user) + ")",
                  "chown it to one of them");
  }
  if ((mode & S_IWOTH) != 0) {
    return refuse(path, "everybody may write the file", "run: chmod o-w " + path);
  }
  if ((mode & S_IWGRP) == 0) return base::done();
  std::string what = "the group may write the file";
  std::string help = "run: chmod g-w " + path;
  if (user == 0) return refuse(path, std::move(what), std::move(help));
  warnings.push_back({{path, 0, 0}, std::move(what), {}, std::move(help), Severity::kWarning});
  return base::done();
}

base::Result<FileBytes, Diagnostic> read_file(const std::string& path,
                                              const std::function<void()>& before_check) {
  // Not blocking: a FIFO would wait for a writer before fstat could refuse it.
  const base::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return refuse(path, base::system_error(errno, "cannot open").text);
  struct stat before {};
  if (!stat_after_the_tick(file.get(), before)) {
    return refuse(path, base::system_error(errno, "cannot stat").text);
  }
  if (!S_ISREG(before.st_mode)) return refuse(path, "this is not a regular file");
  FileBytes result;
  result.identity = std::to_string(before.st_dev) + ":" + std::to_string(before.st_ino);
  if (auto owner = check_owner(path, before.st_uid, before.st_mode, ::geteuid(), result.warnings);
      !owner) {
    return base::fail(std::move(owner).error());
  }

  std::array<char, kBlock> block{};
  while (result.text.size() <= base::limits::kConfigFile) {
    const ssize_t count = ::read(file.get(), block.data(), block.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return refuse(path, base::system_error(errno, "cannot read").text);
    if (count == 0) break;
    result.text.append(block.data(), static_cast<std::size_t>(count));
  }
  if (result.text.size() > base::limits::kConfigFile) {
    return refuse(path, "the file is larger than 4 MiB");
  }
  if (before_check) before_check();
  struct stat after {};
  if (::fstat(file.get(), &after) != 0 || !unchanged(before, after) ||
      static_cast<std::size_t>(after.st_size) != result.text.size()) {
    return refuse(path, "the file changed while it was read",
                  "write a new file beside it and rename it over this one");
  }
  return result;
}

}  // namespace berth::config
