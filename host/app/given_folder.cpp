#include "app/given_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/descriptor.h"

namespace berth::app {

namespace {

constexpr mode_t kAbove = 0755;
constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// What a server keeps in its state folder and in that of its control socket.
constexpr std::array<std::string_view, 5> kOwn{"plugins", "generations", "images", "crashes",
                                               "control.sock"};
// Deeper is nothing that berth keeps.
constexpr int kDeepest = 8;

base::Status<> failed(const std::string& what, const std::string& path) {
  return base::fail(base::system_error(errno, "cannot " + what + " " + path));
}

// But "." and "..".
base::Result<std::vector<std::string>> names_in(int folder, const std::string& path) {
  const int copy = ::openat(folder, ".", kFolder);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(copy < 0 ? nullptr : ::fdopendir(copy),
                                                   ::closedir);
  if (!stream) return base::fail(base::system_error(errno, "cannot read " + path));
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

// Nobody but root can have put into it what is there: no second name of another's file, that is.
bool is_of_root_alone(const struct stat& status) noexcept {
  return status.st_uid == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// What is in it first: as long as it is root's nobody changes anything there.
base::Status<> give_all(int folder, const struct stat& status, const std::string& path,
                        const base::Identity& user, int depth) {
  auto names = names_in(folder, path);
  if (!names) return base::fail(std::move(names).error());
  for (const std::string& name : *names) {
    const std::string full = path + "/" + name;
    struct stat each {};
    if (::fstatat(folder, name.c_str(), &each, AT_SYMLINK_NOFOLLOW) != 0) {
      return failed("look at", full);
    }
    if (each.st_dev != status.st_dev) continue;  // what is mounted there is another's to give
    if (S_ISDIR(each.st_mode)) {
      const base::Descriptor below(::openat(folder, name.c_str(), kFolder));
      if (!below || ::fstat(below.get(), &each) != 0) return failed("open", full);
      if (!is_of_root_alone(each) || depth == kDeepest) continue;
      if (auto given = give_all(below.get(), each, full, user, depth + 1); !given) return given;
      continue;
    }
    if (each.st_uid != 0 || each.st_nlink != 1) continue;
    if (::fchownat(folder, name.c_str(), user.user, user.group, AT_SYMLINK_NOFOLLOW) != 0) {
      return failed("give away", full);
    }
  }
  if (::fchown(folder, user.user, user.group) != 0) return failed("give away", path);
  return base::done();
}

base::Status<> make_above(const std::string& path) {
  for (std::size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), kAbove) == 0) {
      if (::chmod(part.c_str(), kAbove) != 0) return failed("make", part);  // whatever the umask is
    } else if (errno != EEXIST) {
      return failed("make", part);
    }
  }
  return base::done();
}

}  // namespace

base::Status<> give_folder(const std::string& path, mode_t mode, const base::Identity& user) {
  if (auto made = make_above(path); !made) return made;
  const bool is_new = ::mkdir(path.c_str(), mode) == 0;
  if (!is_new && errno != EEXIST) return failed("make", path);
  // Looked at before it is opened: root may have been left no right to look into another's.
  const base::Descriptor place(::open(path.c_str(), O_PATH | kFolder));
  struct stat status {};
  if (!place || ::fstat(place.get(), &status) != 0) return failed("open", path);
  if (status.st_uid == user.user) return base::done();
  const base::Descriptor folder(::openat(place.get(), ".", kFolder));
  if (!folder) return failed("open", path);
  if (is_new && ::fchmod(folder.get(), mode) != 0) return failed("make", path);
  const auto names = names_in(folder.get(), path);
  if (!names) return base::fail(names.error());
  const bool is_ours = std::all_of(names->begin(), names->end(), [](const std::string& name) {
    return std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end();
  });
  if (is_of_root_alone(status) && is_ours) return give_all(folder.get(), status, path, user, 0);
  const std::string number = std::to_string(user.user);
  return base::fail(base::ErrorCode::kPermission,
                    "the folder " + path + " belongs to user " + std::to_string(status.st_uid) +
                        "; it has to belong to user " + number + ", whom `user` names: chown -R " +
                        number + " " + path + ", or remove it");
}

}  // namespace berth::app
