// Tells when the configuration or a plugin's file was replaced, by inotify(7). It loads nothing,
// and only what is whole counts: what was renamed into place, was closed after writing, or is a new
// link.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "config/configuration.h"
#include "config/recorded_files.h"

namespace berth::app {

// One thread.
class FileWatch {
 public:
  struct Pattern {
    std::string folder;   // taken as it is written
    std::string pattern;  // glob(7); absolute, or inside the folder
  };
  struct Targets {
    std::vector<std::string> files;
    std::vector<Pattern> patterns;
  };
  // What a configuration was read from, new files for its patterns included, and its plugins.
  [[nodiscard]] static Targets targets_of(const config::Recording& recording,
                                          const config::Configuration& configuration);

  // kExhausted: no inotify instance is left (/proc/sys/fs/inotify/max_user_instances).
  [[nodiscard]] static base::Result<std::unique_ptr<FileWatch>> open();
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;
  ~FileWatch() = default;

  // Readable when something happened; then due() has to be asked.
  [[nodiscard]] int descriptor() const noexcept { return inotify_.get(); }

  // Watches these in place of those before; what changed before that and was not told of yet is
  // still told. Folders and links that lead to them are watched too: a file that is not there yet,
  // a folder that is moved, removed or made anew, a link that is turned are all right. An error: a
  // folder could not be watched, whose changes will not be seen; the others are watched.
  [[nodiscard]] base::Status<> watch(Targets targets);

  // Takes in what happened. True, once, when something changed and nothing more has for
  // limits::kWatchQuiet. `now` never goes back.
  [[nodiscard]] bool due(base::TimePoint now);
  // When to ask again though the descriptor stays silent; nullopt: not at all.
  [[nodiscard]] std::optional<base::TimePoint> deadline() const noexcept { return deadline_; }

 private:
  // The rest of a path: names, or patterns of names.
  struct Step {
    std::string text;
    bool is_pattern = false;
    friend auto operator<=>(const Step&, const Step&) = default;
  };
  using Steps = std::vector<Step>;
  // What is waited for in one folder.
  struct Folder {
    std::string path;      // as it was when it was watched
    std::set<Step> files;  // at the end of a path
    std::set<Step> ways;   // on the way to one
  };
  using Folders = std::unordered_map<int, Folder>;  // by watch descriptor

  explicit FileWatch(base::Descriptor inotify) noexcept : inotify_(std::move(inotify)) {}

  [[nodiscard]] static Steps steps_of(const std::string& path, bool patterns);
  // Puts watches along all paths anew; those that are still needed stay without a gap.
  [[nodiscard]] base::Status<> walk_all();
  void walk(const std::string& folder, const Steps& steps, std::size_t at, int links);
  void follow(const std::string& path, const Steps& steps, std::size_t at, int links);
  void add(const std::string& folder, const Step& step, bool is_file);

  // Whether it means that what is watched has changed.
  [[nodiscard]] bool take_events();
  [[nodiscard]] bool take(int watch, std::uint32_t mask, const std::string& name);

  base::Descriptor inotify_;
  std::vector<Steps> paths_;  // absolute
  Folders folders_;
  Folders walked_;  // of the walk that is under way
  std::optional<base::Error> walk_error_;
  bool walk_again_ = false;
  std::optional<base::TimePoint> deadline_;
};

}  // namespace berth::app
