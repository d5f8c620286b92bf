// Who has the IO side of a connection: one word, every change one atomic operation. Connection
// (source.h) says what follows from it.
#pragma once

#include <atomic>
#include <cstdint>

namespace berth::sched {

//   0           the loop's: its driver has both sides
//   kHeld       some thread has the IO side: a worker with a job, or the driver while it is inside
//               a handler
//   kHeld|kNews held, and an event came meanwhile: giving back must go through the inbox
//   kGone       with the above: the peer closed or reset; set once, read by cancelled()
//
// Orderings: who gives back releases what it did to the IO side, by give_back or by the inbox's
// push; the driver acquires it by its look, by mark, or by the inbox's take. A hold publishes
// nothing: what hands the connection to another thread does (the pool's lock, the owner word).
class HoldWord {
 public:
  static constexpr std::uint32_t kHeld = 1;
  static constexpr std::uint32_t kNews = 2;
  static constexpr std::uint32_t kGone = 4;

  HoldWord() = default;
  explicit HoldWord(std::uint32_t word) noexcept : word_(word) {}
  HoldWord(const HoldWord&) = delete;
  HoldWord& operator=(const HoldWord&) = delete;
  ~HoldWord() = default;

  // Driver only.
  [[nodiscard]] bool is_free() const noexcept { return load(std::memory_order_acquire) == 0; }
  // Driver only: leaves news for the holder. False: there is none any more, it came back between.
  [[nodiscard]] bool mark(std::uint32_t news) noexcept {
    return (word_.fetch_or(news, std::memory_order_acq_rel) & kHeld) != 0;
  }
  // Driver only, while nobody holds it. A plain store: nobody else writes a word without kHeld.
  void hold(std::uint32_t with) noexcept { word_.store(kHeld | with, std::memory_order_relaxed); }
  // Driver only: ends a hold that it did not hand over, or that came back through the inbox.
  void clear() noexcept { word_.store(0, std::memory_order_relaxed); }
  // Holder only. False: there are news, so it has to go through the inbox.
  [[nodiscard]] bool give_back() noexcept {
    std::uint32_t expected = kHeld;
    return word_.compare_exchange_strong(expected, 0, std::memory_order_release,
                                         std::memory_order_relaxed);
  }
  // Any thread.
  [[nodiscard]] bool gone() const noexcept {
    return (load(std::memory_order_relaxed) & kGone) != 0;
  }

  [[nodiscard]] std::uint32_t load(std::memory_order order) const noexcept {
    return word_.load(order);
  }

 private:
  std::atomic<std::uint32_t> word_{0};
};

}  // namespace berth::sched
