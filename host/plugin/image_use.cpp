#include "plugin/image_use.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cassert>
#include <fstream>
#include <string_view>
#include <utility>

namespace berth::plugin {

namespace {

// The images of this process. The C library's calls that are intercepted (interposed.cpp) bring
// nothing along by which it could be reached otherwise.
struct Images {
  base::Mutex mutex;
  std::vector<std::shared_ptr<ImageUse>> all BERTH_GUARDED_BY(mutex);
};

// Never destroyed: threads end behind static destructors.
Images& images() {
  static Images& only = *new Images;
  return only;
}

}  // namespace

ImageUse::ImageUse(std::string path) : path_(std::move(path)), site_{{}, this} {}

std::shared_ptr<ImageUse> ImageUse::make(std::string path) {
  std::shared_ptr<ImageUse> use(new ImageUse(std::move(path)));
  Images& known = images();
  const base::MutexLock lock(known.mutex);
  known.all.push_back(use);
  return use;
}

std::shared_ptr<ImageUse> ImageUse::of_address(const void* address) {
  dl_find_object found{};
  if (::_dl_find_object(const_cast<void*>(address), &found) != 0) return nullptr;
  const char* const name = found.dlfo_link_map->l_name;
  if (name == nullptr || *name == '\0') return nullptr;
  const std::string_view path(name);
  Images& known = images();
  const base::MutexLock lock(known.mutex);
  for (const auto& use : known.all) {
    if (use->path_ == path) return use;
  }
  return nullptr;
}

void ImageUse::forget() {
  const std::shared_ptr<ImageUse> self = shared_from_this();  // beyond the lock
  Images& known = images();
  const base::MutexLock lock(known.mutex);
  std::erase(known.all, self);
}

void ImageUse::thread_runs(pid_t thread) {
  const base::MutexLock lock(mutex_);
  running_.push_back(thread);
}

void ImageUse::thread_ended(pid_t thread) noexcept {
  {
    const base::MutexLock lock(mutex_);
    std::erase(running_, thread);
  }
  [[maybe_unused]] const std::size_t before = threads_.fetch_sub(1, std::memory_order_release);
  assert(before > 0);
}

std::vector<std::string> ImageUse::thread_names() const {
  std::vector<std::string> names;
  const base::MutexLock lock(mutex_);
  for (const pid_t thread : running_) {
    std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/comm");
    std::string name;
    std::getline(file, name);
    names.push_back(name.empty() ? std::to_string(thread) : std::move(name));
  }
  std::sort(names.begin(), names.end());
  return names;
}

void ImageUse::leave() noexcept {
  if (leaving_.exchange(true, std::memory_order_release)) return;
  departures_.fetch_add(1, std::memory_order_release);
}

}  // namespace berth::plugin
