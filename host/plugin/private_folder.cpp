#include "plugin/private_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::plugin {

namespace {

using base::Descriptor;
using base::ErrorCode;
using base::fail;

constexpr const char* kLockName = "lock";

// Every folder of the path that is not there, mode 0700.
base::Status<> make_folders(const std::string& path) {
  for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
    const std::string part = path.substr(0, at);
    if (mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail(base::system_error(errno, "cannot make folder " + part));
    }
    if (at == std::string::npos) return base::done();
  }
}

// Others could put their own library where ours was checked.
base::Status<> check_private(const std::string& folder) {
  struct stat status {};
  if (lstat(folder.c_str(), &status) != 0) {
    return fail(base::system_error(errno, "cannot look at " + folder));
  }
  const bool ours = status.st_uid == 0 || status.st_uid == geteuid();
  if (S_ISDIR(status.st_mode) && ours && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0) {
    return base::done();
  }
  if (S_ISDIR(status.st_mode) && !ours) {
    return fail(ErrorCode::kPermission,
                folder + " is a folder of user " + std::to_string(status.st_uid) +
                    ", and this is user " + std::to_string(geteuid()) +
                    ": run berth as that user; root does by `user` in the configuration");
  }
  return fail(ErrorCode::kPermission,
              folder + " has to be a folder of user " + std::to_string(geteuid()) +
                  " that nobody else may write to: chmod 0700, or remove it");
}

// The lock at `path`, made if needed; empty where another process holds it and `wait` is false.
base::Result<Descriptor> take_lock(const std::string& path, bool wait) {
  Descriptor lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return fail(base::system_error(errno, "cannot open " + path));
  while (flock(lock.get(), wait ? LOCK_EX : LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK) return Descriptor();
    return fail(base::system_error(errno, "cannot lock " + path));
  }
  return lock;
}

// Names in a folder but "." and "..".
std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(folder.c_str()), closedir);
  if (!stream) return names;
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

// "PID" or "PID-N": nothing else under plugins/ is ever removed.
bool is_process_folder(std::string_view name) {
  return !name.empty() && name.front() != '-' &&
         name.find_first_not_of("0123456789-") == std::string_view::npos;
}

void remove_folder(const std::string& folder) noexcept {
  for (const std::string& name : names_in(folder)) unlink((folder + "/" + name).c_str());
  rmdir(folder.c_str());
}

// REQUIRES: the lock of `plugins` is held, so that no folder is half-made.
std::size_t remove_leftovers(const std::string& plugins) {
  std::size_t removed = 0;
  for (const std::string& name : names_in(plugins)) {
    const std::string folder = plugins + "/" + name;
    if (!is_process_folder(name)) continue;
    const auto lock = take_lock(folder + "/" + kLockName, false);
    if (!lock || !*lock) continue;
    remove_folder(folder);
    ++removed;
  }
  return removed;
}

// A pid may be in use twice where two pid namespaces share the volume.
base::Result<std::string> make_process_folder(const std::string& plugins) {
  const std::string first = plugins + "/" + std::to_string(getpid());
  std::string path = first;
  for (int i = 1; i < 1000; ++i) {
    if (mkdir(path.c_str(), 0700) == 0) return path;
    if (errno != EEXIST) return fail(base::system_error(errno, "cannot make folder " + path));
    path = first + "-" + std::to_string(i);
  }
  return fail(ErrorCode::kAlreadyInUse, "no free name like " + first + " is left");
}

}  // namespace

base::Result<std::string> state_folder(const StateEnvironment& environment) {
  if (!environment.state_directory.empty()) {
    return environment.state_directory.substr(0, environment.state_directory.find(':'));
  }
  if (environment.user == 0) return std::string("/var/lib/berth");
  if (environment.xdg_state_home.starts_with('/')) return environment.xdg_state_home + "/berth";
  if (environment.home.starts_with('/')) return environment.home + "/.local/state/berth";
  return fail(ErrorCode::kNotFound,
              "no folder for private copies of plugins: set STATE_DIRECTORY, XDG_STATE_HOME or "
              "HOME to an absolute path");
}

base::Status<> check_mount(unsigned long mount_flags, const std::string& folder) {
  if ((mount_flags & ST_NOEXEC) == 0) return base::done();
  return fail(ErrorCode::kPermission,
              "plugins cannot be loaded from " + folder +
                  ": it lies on a mount with noexec; set STATE_DIRECTORY to a folder on another "
                  "one, such as /var/lib/berth");
}

base::Result<std::unique_ptr<PrivateFolder>> PrivateFolder::create(const std::string& state) {
  const std::string plugins = state + "/plugins";
  if (auto status = make_folders(plugins); !status) return fail(std::move(status).error());
  if (auto status = check_private(plugins); !status) return fail(std::move(status).error());
  struct statvfs mount {};
  if (statvfs(plugins.c_str(), &mount) != 0) {
    return fail(base::system_error(errno, "cannot look at the mount of " + plugins));
  }
  if (auto status = check_mount(mount.f_flag, plugins); !status) {
    return fail(std::move(status).error());
  }

  const auto all = take_lock(plugins + "/" + kLockName, true);
  if (!all) return fail(all.error());
  const std::size_t leftovers = remove_leftovers(plugins);
  auto path = make_process_folder(plugins);
  if (!path) return fail(std::move(path).error());
  auto own = take_lock(*path + "/" + kLockName, false);
  if (!own) return fail(std::move(own).error());
  return std::unique_ptr<PrivateFolder>(
      new PrivateFolder(std::move(*path), std::move(*own), leftovers));
}

PrivateFolder::PrivateFolder(std::string path, Descriptor lock, std::size_t leftovers) noexcept
    : path_(std::move(path)), lock_(std::move(lock)), leftovers_(leftovers), owner_(getpid()) {}

PrivateFolder::~PrivateFolder() noexcept {
  if (getpid() != owner_) return;
  // An image that could not leave keeps its copy: the next process removes it.
  if (names_in(path_).size() == 1) remove_folder(path_);
}

}  // namespace berth::plugin
