// The folder that is served, and how a file of it is opened: never one outside of it. It knows no
// HTTP.
#pragma once

#include <berth/descriptor.hpp>

#include <sys/stat.h>

#include <string>
#include <utility>

namespace static_files {

struct Opened {
  int error = 0;  // an errno; the rest says nothing then
  berth::Descriptor file;
  struct stat status {};
};

// Any thread. Holds no descriptor: the path is opened anew for each file, so that a folder, or a
// link to one, that is replaced by another is served from then on.
class Root {
 public:
  // path: absolute.
  explicit Root(std::string path) : path_(std::move(path)) {}

  // Why nothing can be served out of it now: "no such folder" and the like; empty: nothing.
  [[nodiscard]] std::string problem() const;

  // A file or folder by its name below the root, without a slash at either end. Links are followed
  // as long as they stay below it: EXDEV or ELOOP else (openat2(2), RESOLVE_BENEATH). What is no
  // file is opened without waiting for it, and a folder that may not be read only to be looked at;
  // the caller looks at the status.
  [[nodiscard]] Opened open(const std::string& name) const;

 private:
  std::string path_;
};

}  // namespace static_files
