// Who may touch a loop: one word, taken from its driver by one compare-and-swap. Not a lock: nobody
// waits on it.
#pragma once

#include <atomic>
#include <cassert>
#include <cstdint>

namespace berth::sched {

//   even  the driver is between handlers: nobody else may touch the loop
//   odd   the driver is inside a handler: the loop may be taken by a CAS, and until then nobody
//         touches its loop side, the driver included
//
// enter, then either leave (by the driver) or steal (by whoever hands the loop to another thread):
// both are the same CAS odd -> next even, so exactly one wins. The loser touches nothing of the
// loop any more.
//
// Orderings: enter's release publishes all that the driver did to the loop to the stealer, whose
// CAS acquires it. leave's CAS is acq_rel for the same reason the other way round: a driver that
// keeps the loop sees what a failed stealer published before it looked.
class OwnerWord {
 public:
  using Token = std::uint64_t;

  OwnerWord() = default;
  explicit OwnerWord(Token word) noexcept : word_(word) {}
  OwnerWord(const OwnerWord&) = delete;
  OwnerWord& operator=(const OwnerWord&) = delete;
  ~OwnerWord() = default;

  // Whether a word says that its driver is inside a handler.
  [[nodiscard]] static bool inside(Token word) noexcept { return (word & 1U) != 0; }

  // Driver only. The token names this one stay in a handler.
  [[nodiscard]] Token enter() noexcept {
    // Only its driver writes an even word.
    const Token word = word_.load(std::memory_order_relaxed);
    assert(!inside(word));
    word_.store(word | 1U, std::memory_order_release);
    return word | 1U;
  }
  // Driver only. False: the loop was taken meanwhile.
  [[nodiscard]] bool leave(Token token) noexcept { return advance(token); }
  // Any thread that has a new driver at hand. False: the driver left in time, or another took it.
  [[nodiscard]] bool steal(Token token) noexcept { return advance(token); }

  // For whoever looks for a loop that stays long in one handler.
  [[nodiscard]] Token load() const noexcept { return word_.load(std::memory_order_acquire); }

 private:
  [[nodiscard]] bool advance(Token token) noexcept {
    return word_.compare_exchange_strong(token, token + 1, std::memory_order_acq_rel,
                                         std::memory_order_relaxed);
  }

  std::atomic<Token> word_{0};
};

}  // namespace berth::sched
