// Who decides a response: its handler or its deadline. One word, won once; not a lock.
#pragma once

#include <atomic>
#include <cstdint>

namespace berth::serve {

//   kOpen        nothing is out yet
//   kInforming   nothing but a 1xx, which the handler's thread is sending
//   kCommitted   the handler's: its head is out, or lies in its thread's output
//   kDone        the handler's, and complete: the deadline is too late
//   kHijacked    the handler's, and no response any more
//   kSealed      the deadline's: the loop answers, nothing of the handler goes out any more
//   kCut         the deadline's, after the head: the client sees the response cut
//
// The handler's thread moves kOpen -> kCommitted, kDone or kHijacked, kCommitted -> kDone, and
// kOpen -> kInforming and back; the loop's driver moves kOpen -> kSealed, and kCommitted or
// kInforming -> kCut. Each move is a compare-and-swap, so of two that exclude each other one
// happens. The word carries the exchange's number: a deadline that comes too late does not meet the
// next exchange, which a thread that stays with its connection begins without asking the driver.
//
// Orderings: acq_rel, so that the loop's bytes go out after whatever the handler's thread sent
// before it lost, and the other way round. over() is relaxed: whoever sees it late loses at its
// next move.
class CommitWord {
 public:
  // Which exchange of its connection the word is about; it wraps around.
  enum class Exchange : std::uint32_t {};

  // A new exchange. By whoever hands it to its handler. What the deadline needs to know of it was
  // stored before: who sees the exchange by current() sees that too, or a later one's.
  void open() noexcept {
    word_.store((word_.load(std::memory_order_relaxed) & ~kState) + kNext + kOpen,
                std::memory_order_release);
  }
  [[nodiscard]] Exchange current() const noexcept {
    return Exchange{word_.load(std::memory_order_acquire) & ~kState};
  }

  // The handler's thread. False: the deadline was first.
  [[nodiscard]] bool commit() noexcept { return move(kOpen, kCommitted); }
  // The whole response in one.
  [[nodiscard]] bool commit_whole() noexcept { return move(kOpen, kDone); }
  [[nodiscard]] bool complete() noexcept { return move(kCommitted, kDone); }
  // Around a 1xx, before the head. False: the deadline was first.
  [[nodiscard]] bool begin_informing() noexcept { return move(kOpen, kInforming); }
  [[nodiscard]] bool end_informing() noexcept { return move(kInforming, kOpen); }
  [[nodiscard]] bool hijack() noexcept { return move(kOpen, kHijacked); }

  // The loop's driver, at that exchange's deadline.
  [[nodiscard]] bool seal(Exchange exchange) noexcept { return move(exchange, kOpen, kSealed); }
  [[nodiscard]] bool cut(Exchange exchange) noexcept {
    return move(exchange, kCommitted, kCut) || move(exchange, kInforming, kCut);
  }

  // Any thread: the deadline has won.
  [[nodiscard]] bool over() const noexcept {
    return (word_.load(std::memory_order_relaxed) & kState) >= kSealed;
  }
  [[nodiscard]] bool hijacked() const noexcept {
    return (word_.load(std::memory_order_acquire) & kState) == kHijacked;
  }

 private:
  enum State : std::uint32_t { kOpen, kInforming, kCommitted, kDone, kHijacked, kSealed, kCut };
  static constexpr std::uint32_t kState = 7;
  static constexpr std::uint32_t kNext = 8;

  [[nodiscard]] bool move(Exchange exchange, State from, State to) noexcept {
    auto expected = static_cast<std::uint32_t>(exchange) | from;
    return word_.compare_exchange_strong(expected, static_cast<std::uint32_t>(exchange) | to,
                                         std::memory_order_acq_rel, std::memory_order_relaxed);
  }
  // The handler's thread: no other exchange begins while it is in this one.
  [[nodiscard]] bool move(State from, State to) noexcept {
    return move(Exchange{word_.load(std::memory_order_relaxed) & ~kState}, from, to);
  }

  std::atomic<std::uint32_t> word_{kOpen};
};

}  // namespace berth::serve
