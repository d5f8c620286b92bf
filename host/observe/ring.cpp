#include "observe/ring.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace berth::observe {

Ring::Ring(std::size_t bytes)
    : mask_(bytes - 1), bytes_(std::make_unique_for_overwrite<char[]>(bytes)) {
  assert(bytes != 0 && (bytes & mask_) == 0);
}

Ring::Push Ring::push(std::string_view line) noexcept {
  const std::size_t capacity = mask_ + 1;
  const std::uint64_t head = head_.load(std::memory_order_relaxed);  // only this thread writes it
  std::uint64_t used = head - known_tail_ + line.size();
  if (used > capacity / 2) {
    known_tail_ = tail_.load(std::memory_order_acquire);
    used = head - known_tail_ + line.size();
    if (used > capacity) return Push::kFull;
  }
  const std::size_t at = head & mask_;
  const std::size_t first = std::min(line.size(), capacity - at);
  std::memcpy(bytes_.get() + at, line.data(), first);
  std::memcpy(bytes_.get(), line.data() + first, line.size() - first);
  head_.store(head + line.size(), std::memory_order_seq_cst);
  return used > capacity / 2 ? Push::kOverHalf : Push::kTaken;
}

bool Ring::empty() const noexcept {
  return head_.load(std::memory_order_seq_cst) == tail_.load(std::memory_order_relaxed);
}

void Ring::drain(std::vector<char>& out) {
  const std::uint64_t head = head_.load(std::memory_order_acquire);
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);  // only this thread writes it
  const std::size_t size = head - tail;
  if (size == 0) return;
  const std::size_t at = tail & mask_;
  const std::size_t first = std::min(size, mask_ + 1 - at);
  const char* const bytes = bytes_.get();
  out.insert(out.end(), bytes + at, bytes + at + first);
  out.insert(out.end(), bytes, bytes + (size - first));
  tail_.store(head, std::memory_order_release);
}

}  // namespace berth::observe
