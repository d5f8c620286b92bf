// What holds a loaded image from outside its code: threads it started and thread_local destructors
// it left with threads. It counts and names them; Image decides what follows.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/thread_annotations.h"
#include "plugin/call_scope.h"

namespace berth::plugin {

class HostTable;

// What logs and reports call an image.
struct ImageName {
  std::string alias = {};  // of the plugin in the configuration
  std::string version = {};
  std::string build_id = {};     // hexadecimal
  std::uint64_t generation = 0;  // that loaded it; 0: none
};

// One for each image, made before it is loaded. Whoever still has to tell it of an end shares it.
// Any thread.
class ImageUse : public std::enable_shared_from_this<ImageUse> {
 public:
  // `path` is the one the loader is given. Known to of_address() until forget().
  [[nodiscard]] static std::shared_ptr<ImageUse> make(std::string path, ImageName name = {});
  ImageUse(const ImageUse&) = delete;
  ImageUse& operator=(const ImageUse&) = delete;

  // The image whose mapping holds the address; null: it is the host's, a library's, or nothing's.
  // Takes no lock of the loader, so that constructors may start threads and wait for them.
  [[nodiscard]] static std::shared_ptr<ImageUse> of_address(const void* address);
  // The same without any lock, for a handler of a signal: null also for those beyond the first 256
  // that are loaded at a time. It may go at any moment: for the thread that unloads, for whoever
  // ends the process, and within a Peeking.
  [[nodiscard]] static const ImageUse* peek(const void* address) noexcept;
  // What peek() finds while there is one stays until the last has gone; not the code. Takes no
  // lock. If it is never destroyed, as a fault led out of its scope, nothing found goes any more.
  class Peeking {
   public:
    Peeking() noexcept { peeking_.fetch_add(1, std::memory_order_seq_cst); }
    Peeking(const Peeking&) = delete;
    Peeking& operator=(const Peeking&) = delete;
    ~Peeking() noexcept { peeking_.fetch_sub(1, std::memory_order_release); }
  };
  // Its image has left the process.
  void forget();

  [[nodiscard]] const ImageName& name() const noexcept { return name_; }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  // For calls outside of any route.
  [[nodiscard]] const CallSite& site() const noexcept { return site_; }

  // --- threads it started; counted from before they exist until nothing of the image can run on
  // them any more ---
  void thread_starts() noexcept { threads_.fetch_add(1, std::memory_order_relaxed); }
  // The same one, on itself.
  void thread_runs(pid_t thread);
  // It has ended; 0: it never ran.
  void thread_ended(pid_t thread) noexcept;
  [[nodiscard]] std::size_t threads() const noexcept {
    return threads_.load(std::memory_order_acquire);
  }
  // The system's names of those that run by now, sorted.
  [[nodiscard]] std::vector<std::string> thread_names() const;

  // --- what calls did that they should not: a line of the log the first time ---
  enum class Notice : std::uint8_t {
    kSignalMask = 1,  // a request left it changed, and CallScope has put it back
    kForked = 2,
  };
  void tell(Notice what) noexcept;
  // Whose log that is; outlives the last call, and is there before the first request. What was told
  // before, as by a global constructor, stands in it, too.
  void belong_to(const HostTable& host) noexcept;

  // --- leaving: threads that keep destructors of it run them when they are visited ---
  void leave() noexcept;
  [[nodiscard]] bool leaving() const noexcept { return leaving_.load(std::memory_order_acquire); }
  // Changes whenever an image begins to leave.
  [[nodiscard]] static std::size_t departures() noexcept {
    return departures_.load(std::memory_order_acquire);
  }

 private:
  ImageUse(std::string path, ImageName name);

  static inline constinit std::atomic<std::size_t> departures_{0};
  // seq_cst here and for the places that peek() reads: either forget() sees that somebody peeks, or
  // peek() sees that the image has gone.
  static inline constinit std::atomic<std::size_t> peeking_{0};

  const std::string path_;
  const ImageName name_;
  CallSite site_;
  // Bits of Notice, written under the mutex; read without it by who may find that all is told, on
  // which nothing else depends.
  std::atomic<std::uint8_t> told_{0};
  std::atomic<std::size_t> threads_{0};
  std::atomic<bool> leaving_{false};
  mutable base::Mutex mutex_;
  std::vector<pid_t> running_ BERTH_GUARDED_BY(mutex_);
  const HostTable* host_ BERTH_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace berth::plugin
