// The present root of a server and how it is replaced while requests are served: a hazard slot for
// each thread, so that a request pays two loads and no shared write.
#pragma once

#include <atomic>
#include <vector>

#include "base/thread_annotations.h"
#include "serve/root.h"

namespace berth::serve {

class Roots;

// The root that one thread may use. Kept from request to request while the thread is busy and given
// up before it sleeps (rest), so that a thread that waits holds no generation.
class alignas(64) RootSlot {
 public:
  // `roots` outlives it.
  explicit RootSlot(Roots& roots);
  RootSlot(const RootSlot&) = delete;
  RootSlot& operator=(const RootSlot&) = delete;
  ~RootSlot();

  // The present root, pinned until the next pin(), adopt() or rest(). The owner's thread only, as
  // all below.
  [[gnu::always_inline]] Root& pin() noexcept;
  // Pins a root that the caller has a hold of, which may be released afterwards.
  void adopt(Root& root) noexcept;
  // The one that is pinned. REQUIRES: one is.
  [[nodiscard]] Root& root() const noexcept { return *root_.load(std::memory_order_relaxed); }
  // The thread's handler takes its connection over, which from then on does not tell any more that
  // it is inside; and it has returned. The route is one of the pinned root's.
  void begin_hijack(const Route& route) noexcept {
    // release: seen by whoever sees the connection given back.
    hijacking_.store(&route, std::memory_order_release);
  }
  // release: nothing of the handler runs any more when it is seen.
  void end_hijack() noexcept { hijacking_.store(nullptr, std::memory_order_release); }
  // Nothing is pinned any more; the thread uses no route it got before.
  void rest() noexcept {
    // release: what it did with the root is done before it is seen to be unused.
    if (root_.load(std::memory_order_relaxed) != nullptr) {
      root_.store(nullptr, std::memory_order_release);
    }
  }

 private:
  friend class Roots;
  Root& pin_anew() noexcept;

  Roots& roots_;
  // Written by its thread, read by Roots::is_unused(). How it is stored: see pin_anew().
  std::atomic<Root*> root_{nullptr};
  std::atomic<const Route*> hijacking_{nullptr};
};

class Roots {
 public:
  // `first` serves until it is replaced.
  explicit Roots(Root& first);
  Roots(const Roots&) = delete;
  Roots& operator=(const Roots&) = delete;
  ~Roots() = default;

  // What a request that begins now is served by. Any thread; whoever uses it needs a pin.
  [[nodiscard]] Root& present() const noexcept { return *present_.load(std::memory_order_acquire); }
  // Requests that begin from now on go to `next`; the one before is returned, and may be used for a
  // while. One thread at a time.
  Root& replace(Root& next) noexcept;
  // Whether no thread has `root` pinned and nothing holds it: then nothing ever will again, though
  // a loop's driver may still compare its routes until Loops::synchronize(). REQUIRES: it was
  // replaced. Any thread.
  [[nodiscard]] bool is_unused(const Root& root);
  // Routes whose handlers took a connection over and have not returned, of any root; to be looked
  // at behind the connections. Any thread.
  [[nodiscard]] std::vector<const Route*> hijacking();
  // Threads that have it pinned. A hint.
  [[nodiscard]] std::size_t pins(const Root& root);

 private:
  friend class RootSlot;

  std::atomic<Root*> present_;
  // Whether the kernel orders the memory of all threads when asked (membarrier); else each pin does
  // it. Fixed at the start.
  const bool has_membarrier_;
  base::Mutex mutex_;
  std::vector<RootSlot*> slots_ BERTH_GUARDED_BY(mutex_);
};

inline Root& RootSlot::pin() noexcept {
  Root* const present = roots_.present_.load(std::memory_order_acquire);
  // It was pinned without a gap since it was stored, so it is that very one.
  if (root_.load(std::memory_order_relaxed) == present) [[likely]]
    return *present;
  return pin_anew();
}

}  // namespace berth::serve
