// The threads that calls of one plugin keep from the others: counted, and bounded for each of its
// routes (Learning), so that a plugin whose handlers never return does not take the server with it.
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <utility>

#include "base/clock.h"

namespace berth::sched {

// A call counts while it is on a thread that drives no loop: a job from its beginning to its end,
// any other from when its loop was taken. Shared by the routes of one loaded plugin, in whatever
// generation.
//
// Any thread. Relaxed, as nothing is ordered by it: two calls may both find the last place free,
// unless one mutex is held around the look and the entry (Pool).
class Share {
 public:
  // whose: for logs.
  explicit Share(std::string whose) : whose_(std::move(whose)) {}
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() = default;

  void enter() noexcept { threads_.fetch_add(1, std::memory_order_relaxed); }
  void leave() noexcept { threads_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t threads() const noexcept {
    return threads_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] const std::string& whose() const noexcept { return whose_; }
  // For who tells that one of its calls waits for the others: when that was told last.
  [[nodiscard]] std::atomic<base::Duration::rep>& told_at_ns() noexcept { return told_at_ns_; }

 private:
  friend class Pool;

  const std::string whose_;
  std::atomic<std::size_t> threads_{0};
  std::atomic<base::Duration::rep> told_at_ns_{0};
  std::size_t queued_ = 0;  // jobs that wait for a thread: guarded by the pool's mutex
};

}  // namespace berth::sched
