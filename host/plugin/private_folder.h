// The folder of this process for its private copies of plugins: <state>/plugins/<pid>. Removed with
// the object; what dead processes left is removed by the next one.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/descriptor.h"
#include "base/result.h"

namespace berth::plugin {

// The environment that decides where state lies; empty: not set.
struct StateEnvironment {
  std::string state_directory;  // $STATE_DIRECTORY, which systemd sets; the first of a ':' list
  std::string xdg_state_home;   // $XDG_STATE_HOME, ignored unless absolute (XDG base directories)
  std::string home;             // $HOME
  uid_t user = 0;               // the effective user
};

// $STATE_DIRECTORY, else /var/lib/berth as root, else $XDG_STATE_HOME/berth, else
// ~/.local/state/berth. kNotFound: a user without any of them.
[[nodiscard]] base::Result<std::string> state_folder(const StateEnvironment& environment);

// A lock file in the folder is held (flock) as long as the process lives, so that nobody else takes
// the folder for a leftover; that also holds for processes of other pid namespaces on one volume.
class PrivateFolder {
 public:
  // Makes `state` and what is above it where needed (mode 0700), removes leftovers, makes and locks
  // the folder. kPermission: `state`/plugins belongs to or may be written by others, or lies on a
  // mount with noexec, where no plugin could be mapped (measured-traps.md 9). Else as the system
  // says.
  [[nodiscard]] static base::Result<std::unique_ptr<PrivateFolder>> create(
      const std::string& state);

  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  // Removes the folder unless it still has copies, and never in a forked child.
  ~PrivateFolder() noexcept;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // 1, 2, 3...: no name is used twice in a process (measured-traps.md 1, 2). Any thread.
  [[nodiscard]] std::uint64_t next_number() noexcept { return ++number_; }
  // Folders of dead processes that create() removed.
  [[nodiscard]] std::size_t leftovers_removed() const noexcept { return leftovers_; }

 private:
  PrivateFolder(std::string path, base::Descriptor lock, std::size_t leftovers) noexcept;

  std::string path_;
  base::Descriptor lock_;
  std::size_t leftovers_;
  pid_t owner_;
  std::atomic<std::uint64_t> number_{0};
};

// kPermission with a text that says what to do if mount_flags (statvfs) has ST_NOEXEC.
[[nodiscard]] base::Status<> check_mount(unsigned long mount_flags, const std::string& folder);

}  // namespace berth::plugin
