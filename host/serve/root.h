// The handler that all requests of a generation go to, with who still uses it: threads by their
// slots, what waits without a thread by a count. Which root is the present one is Roots'.
#pragma once

#include <atomic>
#include <cstdint>

#include "serve/handler.h"

namespace berth::serve {

// Outlives everybody who pins or holds it: see Roots::is_unused().
class Root {
 public:
  // `handler` outlives it.
  Root(Handler& handler, std::uint64_t generation) noexcept
      : handler_(handler), generation_(generation) {}
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;
  ~Root() = default;

  [[nodiscard]] Handler& handler() const noexcept { return handler_; }
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

  // A use that outlasts the caller's pin: a queued exchange, a hijacked connection. Two counts that
  // only grow, so that who looks for users can tell whether one came while it looked. Relaxed: the
  // caller's own pin keeps it, and that is released later.
  void hold() noexcept { holds_.fetch_add(1, std::memory_order_relaxed); }
  // release: what was done with the root before it is unused; and a slot that took over is seen.
  void release() noexcept { releases_.fetch_add(1, std::memory_order_release); }
  [[nodiscard]] std::uint64_t holds() const noexcept {
    return holds_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint64_t releases() const noexcept {
    return releases_.load(std::memory_order_acquire);
  }

 private:
  Handler& handler_;
  const std::uint64_t generation_;
  std::atomic<std::uint64_t> holds_{0};
  std::atomic<std::uint64_t> releases_{0};
};

}  // namespace berth::serve
