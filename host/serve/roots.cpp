#include "serve/roots.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace berth::serve {

namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kThreadSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kThreadSanitizer = true;
#else
constexpr bool kThreadSanitizer = false;
#endif
#else
constexpr bool kThreadSanitizer = false;
#endif

bool register_membarrier() noexcept {
  // ThreadSanitizer does not see what the kernel orders.
  if (kThreadSanitizer) return false;
  return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

// False: ENOMEM.
bool order_all_threads() noexcept {
  return ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
}

}  // namespace

RootSlot::RootSlot(Roots& roots) : roots_(roots) {
  const base::MutexLock lock(roots_.mutex_);
  roots_.slots_.push_back(this);
}

RootSlot::~RootSlot() {
  const base::MutexLock lock(roots_.mutex_);
  std::erase(roots_.slots_, this);
}

// The store has to be seen before the second look is made, or the root could be replaced, found
// unused and freed in between. Either is_unused() orders this thread's memory from outside
// (membarrier: the fence here is for the compiler alone), or the store itself is seq_cst, and so is
// is_unused()'s load.
Root& RootSlot::pin_anew() noexcept {
  Root* root = roots_.present_.load(std::memory_order_acquire);
  for (;;) {
    if (roots_.has_membarrier_) {
      root_.store(root, std::memory_order_release);
      std::atomic_signal_fence(std::memory_order_seq_cst);
    } else {
      root_.store(root, std::memory_order_seq_cst);
    }
    Root* const again = roots_.present_.load(std::memory_order_seq_cst);
    if (again == root) return *root;
    root = again;
  }
}

void RootSlot::adopt(Root& root) noexcept {
  // Held, so it cannot have been found unused; the hold's release() publishes the store.
  root_.store(&root, std::memory_order_seq_cst);
}

Roots::Roots(Root& first) : present_(&first), has_membarrier_(register_membarrier()) {}

Root& Roots::replace(Root& next) noexcept {
  return *present_.exchange(&next, std::memory_order_seq_cst);
}

bool Roots::is_unused(const Root& root) {
  // A use goes from a slot to the count and from there to another slot, each time in the new place
  // before it leaves the old one. Who finds neither, and that no hold came meanwhile, has missed
  // none.
  const std::uint64_t holds = root.holds();
  if (root.releases() != holds) return false;
  if (has_membarrier_ && !order_all_threads()) return false;  // not known, so not yet
  return pins(root) == 0 && root.holds() == holds;
}

std::vector<const Route*> Roots::hijacking() {
  std::vector<const Route*> routes;
  const base::MutexLock lock(mutex_);
  for (const RootSlot* slot : slots_) {
    if (const Route* const route = slot->hijacking_.load(std::memory_order_acquire)) {
      routes.push_back(route);
    }
  }
  return routes;
}

std::size_t Roots::pins(const Root& root) {
  const base::MutexLock lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [&root](const RootSlot* slot) {
        // acquire, as seq_cst is: what the thread did with the root before it rested is visible.
        return slot->root_.load(std::memory_order_seq_cst) == &root;
      }));
}

}  // namespace berth::serve
