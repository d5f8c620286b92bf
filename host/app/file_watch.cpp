#include "app/file_watch.h"

#include <fnmatch.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "app/process.h"
#include "base/limits.h"

namespace berth::app {

namespace {

// Of a folder on the way; where a watched file lies, the end of writing as well. IN_CREATE is for
// folders and links, which are whole when they are made.
constexpr std::uint32_t kWay =
    IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_MASK_ADD;
constexpr std::uint32_t kFile = kWay | IN_CLOSE_WRITE;

// As many links as the kernel follows in a path (path_resolution(7)).
constexpr int kLinks = 40;
// Folders that patterns lead to: more is a mistake of the pattern.
constexpr std::size_t kFolders = 1024;

template <class Step>
bool matches(const std::set<Step>& steps, const std::string& name) {
  return std::any_of(steps.begin(), steps.end(), [&name](const Step& step) {
    if (!step.is_pattern) return step.text == name;
    return ::fnmatch(step.text.c_str(), name.c_str(), FNM_PERIOD) == 0;
  });
}

std::string join(const std::string& folder, const std::string& name) {
  return folder.ends_with('/') ? folder + name : folder + "/" + name;
}

}  // namespace

FileWatch::Targets FileWatch::targets_of(const config::Recording& recording,
                                         const config::Configuration& configuration) {
  Targets targets;
  for (const auto& file : recording.files) targets.files.push_back(file.path);
  for (const auto& match : recording.matches) {
    targets.patterns.push_back({match.folder, match.pattern});
  }
  for (const config::Plugin& plugin : configuration.plugins) {
    targets.files.push_back(plugin_path(plugin.file));
  }
  return targets;
}

base::Result<std::unique_ptr<FileWatch>> FileWatch::open() {
  base::Descriptor inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) return base::fail(base::system_error(errno, "cannot watch files"));
  return std::unique_ptr<FileWatch>(new FileWatch(std::move(inotify)));
}

FileWatch::Steps FileWatch::steps_of(const std::string& path, bool patterns) {
  Steps steps;
  for (const auto& part : std::filesystem::path(path)) {
    const std::string text = part.string();
    if (text.empty() || text == "." || text == "/") continue;
    steps.push_back({text, patterns && config::is_pattern(text)});
  }
  return steps;
}

base::Status<> FileWatch::watch(Targets targets) {
  std::error_code error;
  const auto absolute = [&error](const std::string& path) {
    return std::filesystem::absolute(path, error).string();
  };
  paths_.clear();
  for (const std::string& file : targets.files) paths_.push_back(steps_of(absolute(file), false));
  for (const Pattern& target : targets.patterns) {
    Steps steps;
    if (!target.pattern.starts_with('/')) steps = steps_of(absolute(target.folder), false);
    for (Step& step : steps_of(target.pattern, true)) steps.push_back(std::move(step));
    paths_.push_back(std::move(steps));
  }
  if (error) return base::fail(base::system_error(error.value(), "cannot find the current folder"));
  return walk_all();
}

base::Status<> FileWatch::walk_all() {
  walk_again_ = false;
  walk_error_.reset();
  walked_.clear();
  for (const Steps& steps : paths_) walk("/", steps, 0, 0);
  for (const auto& [watch, folder] : folders_) {
    if (!walked_.contains(watch)) ::inotify_rm_watch(inotify_.get(), watch);
  }
  folders_ = std::exchange(walked_, {});
  if (walk_error_) return base::fail(*walk_error_);
  return base::done();
}

// Each folder is watched before it is looked at: what appears behind the look is an event.
void FileWatch::walk(const std::string& folder, const Steps& steps, std::size_t at, int links) {
  if (at == steps.size() || walked_.size() >= kFolders) return;
  const Step& step = steps[at];
  if (step.text == "..") {
    return walk(std::filesystem::path(folder).parent_path().string(), steps, at + 1, links);
  }
  add(folder, step, at + 1 == steps.size());
  if (!step.is_pattern) return follow(join(folder, step.text), steps, at, links);
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end;
       it.increment(error)) {
    if (matches(std::set<Step>{step}, it->path().filename().string())) {
      follow(it->path().string(), steps, at, links);
    }
  }
}

void FileWatch::follow(const std::string& path, const Steps& steps, std::size_t at, int links) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISLNK(status.st_mode)) return walk(path, steps, at + 1, links);
  std::error_code error;
  const std::filesystem::path target = std::filesystem::read_symlink(path, error);
  if (error || links == kLinks) return;
  Steps rest = steps_of(target.string(), false);
  rest.insert(rest.end(), steps.begin() + static_cast<std::ptrdiff_t>(at) + 1, steps.end());
  const std::string from =
      target.is_absolute() ? "/" : std::filesystem::path(path).parent_path().string();
  walk(from, rest, 0, links + 1);
}

void FileWatch::add(const std::string& folder, const Step& step, bool is_file) {
  const int watch = ::inotify_add_watch(inotify_.get(), folder.c_str(), is_file ? kFile : kWay);
  if (watch < 0) {
    // Who may pass through a folder but not read it cannot watch it: what lies in it, however, can.
    if (is_file || errno != EACCES) {
      walk_error_ = base::system_error(errno, "cannot watch folder " + folder);
    }
    return;
  }
  Folder& waiting = walked_[watch];
  waiting.path = folder;
  (is_file ? waiting.files : waiting.ways).insert(step);
}

bool FileWatch::due(base::TimePoint now) {
  if (take_events()) deadline_ = now + base::limits::kWatchQuiet;
  if (!deadline_ || now < *deadline_) return false;
  deadline_.reset();
  return true;
}

bool FileWatch::take_events() {
  bool changed = false;
  alignas(inotify_event) std::array<char, 16 * base::limits::kKiB> buffer;
  for (;;) {
    const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      const char* const name = buffer.data() + at + sizeof event;
      changed |= take(event.wd, event.mask, std::string(name, ::strnlen(name, event.len)));
      at += sizeof event + event.len;
    }
  }
  // What cannot be watched now was said by watch(), or has gone since: its way is watched.
  if (walk_again_) (void)walk_all();
  return changed;
}

bool FileWatch::take(int watch, std::uint32_t mask, const std::string& name) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    walk_again_ = true;
    return true;
  }
  const auto found = folders_.find(watch);
  if (found == folders_.end()) return false;
  if ((mask & IN_IGNORED) != 0) {
    folders_.erase(found);
    walk_again_ = true;
    return false;
  }
  if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0) {
    walk_again_ = true;
    return false;
  }
  const bool is_file = matches(found->second.files, name);
  const bool is_way = matches(found->second.ways, name);
  if (!is_file && !is_way) return false;
  if ((mask & IN_CLOSE_WRITE) != 0) return is_file;
  const bool is_folder = (mask & IN_ISDIR) != 0;
  struct stat status {};
  const std::string path = join(found->second.path, name);
  const bool is_link = !is_folder && ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
  if (is_folder || is_link) {
    walk_again_ = true;
    return is_way || is_link;
  }
  // A file that was just made is none yet: the end of writing it is another event.
  return is_file && (mask & IN_MOVED_TO) != 0;
}

}  // namespace berth::app
