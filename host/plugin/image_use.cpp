#include "plugin/image_use.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <fstream>
#include <string_view>
#include <utility>

#include "plugin/host_table.h"
#include "plugin/mapped_file.h"

namespace berth::plugin {

namespace {

// The images of this process. The C library's calls that are intercepted (interposed.cpp) bring
// nothing along by which it could be reached otherwise.
struct Images {
  base::Mutex mutex;
  std::vector<std::shared_ptr<ImageUse>> all BERTH_GUARDED_BY(mutex);
  // Of those, for peek(). Written under the mutex. seq_cst: see ImageUse::peeking_.
  std::array<std::atomic<const ImageUse*>, 256> some{};
  // Forgotten while somebody peeked.
  std::vector<std::shared_ptr<ImageUse>> gone BERTH_GUARDED_BY(mutex);

  void replace(const ImageUse* old, const ImageUse* by) noexcept BERTH_REQUIRES(mutex) {
    for (auto& place : some) {
      if (place.load(std::memory_order_relaxed) != old) continue;
      place.store(by, std::memory_order_seq_cst);
      return;
    }
  }
};

void log(ImageUse::Notice what, const HostTable& host) noexcept {
  if (what == ImageUse::Notice::kForked) {
    host.log(LogLevel::kWarn, "the plugin called fork(), where only exec or _exit may follow");
    return;
  }
  constexpr std::array<LogPair, 2> kPairs{
      {{"while", "it served a request"}, {"put_back", "the thread's signal mask"}}};
  host.log(LogLevel::kWarn, "the plugin changed what it shares with others", kPairs);
}

// Never destroyed: threads end behind static destructors.
Images& images() {
  static Images& only = *new Images;
  return only;
}

}  // namespace

ImageUse::ImageUse(std::string path, ImageName name)
    : path_(std::move(path)), name_(std::move(name)), site_{{}, this} {}

std::shared_ptr<ImageUse> ImageUse::make(std::string path, ImageName name) {
  std::shared_ptr<ImageUse> use(new ImageUse(std::move(path), std::move(name)));
  Images& known = images();
  const base::MutexLock lock(known.mutex);
  known.all.push_back(use);
  known.replace(nullptr, use.get());
  return use;
}

std::shared_ptr<ImageUse> ImageUse::of_address(const void* address) {
  const std::string_view path = file_at(address).path;
  if (path.empty()) return nullptr;
  Images& known = images();
  const base::MutexLock lock(known.mutex);
  for (const auto& use : known.all) {
    if (use->path_ == path) return use;
  }
  return nullptr;
}

const ImageUse* ImageUse::peek(const void* address) noexcept {
  Images& known = images();
  const MappedFile file = file_at(address);
  if (file.path.empty()) return nullptr;
  for (const auto& place : known.some) {
    const ImageUse* const use = place.load(std::memory_order_seq_cst);
    if (use != nullptr && use->path_ == file.path) return use;
  }
  return nullptr;
}

void ImageUse::forget() {
  const std::shared_ptr<ImageUse> self = shared_from_this();  // beyond the lock
  Images& known = images();
  const base::MutexLock lock(known.mutex);
  known.replace(this, nullptr);
  std::erase(known.all, self);
  known.gone.push_back(self);
  if (peeking_.load(std::memory_order_seq_cst) == 0) known.gone.clear();
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

void ImageUse::tell(Notice what) noexcept {
  const auto bit = static_cast<std::uint8_t>(what);
  // Most often it was: no write then that other threads would wait for.
  if ((told_.load(std::memory_order_relaxed) & bit) != 0) return;
  const HostTable* host = nullptr;
  {
    const base::MutexLock lock(mutex_);
    if ((told_.fetch_or(bit, std::memory_order_relaxed) & bit) != 0) return;
    host = host_;
  }
  if (host != nullptr) log(what, *host);
}

void ImageUse::belong_to(const HostTable& host) noexcept {
  std::uint8_t told = 0;
  {
    const base::MutexLock lock(mutex_);
    if (host_ == nullptr) told = told_.load(std::memory_order_relaxed);
    host_ = &host;
  }
  for (const Notice what : {Notice::kSignalMask, Notice::kForked}) {
    if ((told & static_cast<std::uint8_t>(what)) != 0) log(what, host);
  }
}

void ImageUse::leave() noexcept {
  if (leaving_.exchange(true, std::memory_order_release)) return;
  departures_.fetch_add(1, std::memory_order_release);
}

}  // namespace berth::plugin
