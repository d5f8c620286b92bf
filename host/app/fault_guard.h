// Goes on behind a step that faults: for a handler of faults, which reads what may be damaged. It
// installs no handler.
#pragma once

#include <atomic>
#include <csetjmp>
#include <utility>

namespace berth::app {

// One thread's; steps do not nest.
class FaultGuard {
 public:
  FaultGuard() = delete;

  // Runs the step; false: it faulted, and what it was to do is done in part. A step takes no lock
  // and owns nothing, for it is left without a way back.
  template <class Step>
  static bool run(const Step& step) noexcept {
    sigjmp_buf place;
    if (sigsetjmp(place, 0) != 0) return false;
    // The handler of a signal reads it in between, which the compiler does not see.
    place_ = &place;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    step();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    place_ = nullptr;
    return true;
  }

  // Whether the thread is inside a step: then another must not begin.
  [[nodiscard]] static bool in_step() noexcept { return place_ != nullptr; }

  // For the handler of a fault that is handled without blocking it (SA_NODEFER): does not return
  // where the fault is one of a step.
  static void leave_step() noexcept {
    if (place_ != nullptr) siglongjmp(*std::exchange(place_, nullptr), 1);
  }

 private:
  static inline constinit thread_local sigjmp_buf* place_ = nullptr;
};

}  // namespace berth::app
