// One ring for each thread that gives lines to a writer: finds the calling thread's, collects the
// others' for the writer thread. It wakes nobody.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "observe/ring.h"

namespace berth::observe {

class RingSet {
 public:
  // ring_bytes: of each ring, a power of two.
  explicit RingSet(std::size_t ring_bytes) noexcept : ring_bytes_(ring_bytes) {}
  RingSet(const RingSet&) = delete;
  RingSet& operator=(const RingSet&) = delete;
  // REQUIRES that no thread asks for a ring any more.
  ~RingSet() noexcept;

  // The calling thread's ring, made at its first call (one lock, two allocations). It is ended when
  // the thread ends. nullptr: no memory, or the thread is past its thread_local destructors.
  [[nodiscard]] Ring* mine() noexcept;

  // For the writer thread: every ring there is now, in no order. Those that have ended and are
  // empty leave the set. Valid until the next call.
  [[nodiscard]] const std::vector<std::shared_ptr<Ring>>& collect();

 private:
  [[nodiscard]] Ring* make();

  const std::size_t ring_bytes_;
  std::mutex mutex_;  // guards rings_; taken once by each thread and by collect()
  std::vector<std::shared_ptr<Ring>> rings_;
  std::vector<std::shared_ptr<Ring>> collected_;  // the writer thread's copy
};

}  // namespace berth::observe
