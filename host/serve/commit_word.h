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
// kInforming -> kCut. Each move is a compare-and-swap, so
// of two that exclude each other one happens.
//
// Orderings: acq_rel, so that the loop's bytes go out after whatever the handler's thread sent
// before it lost, and the other way round. over() is relaxed: whoever sees it late loses at its
// next move.
class CommitWord {
 public:
  enum class State : std::uint8_t {
    kOpen,
    kInforming,
    kCommitted,
    kDone,
    kHijacked,
    kSealed,
    kCut
  };

  // A new exchange. By whoever hands it to its handler; published with it.
  void open() noexcept { state_.store(State::kOpen, std::memory_order_relaxed); }

  // The handler's thread. False: the deadline was first.
  [[nodiscard]] bool commit() noexcept { return move(State::kOpen, State::kCommitted); }
  // The whole response in one.
  [[nodiscard]] bool commit_whole() noexcept { return move(State::kOpen, State::kDone); }
  [[nodiscard]] bool complete() noexcept { return move(State::kCommitted, State::kDone); }
  // Around a 1xx, before the head. False: the deadline was first.
  [[nodiscard]] bool begin_informing() noexcept { return move(State::kOpen, State::kInforming); }
  [[nodiscard]] bool end_informing() noexcept { return move(State::kInforming, State::kOpen); }
  [[nodiscard]] bool hijack() noexcept { return move(State::kOpen, State::kHijacked); }

  // The loop's driver, at the deadline.
  [[nodiscard]] bool seal() noexcept { return move(State::kOpen, State::kSealed); }
  [[nodiscard]] bool cut() noexcept {
    return move(State::kCommitted, State::kCut) || move(State::kInforming, State::kCut);
  }

  // Any thread: the deadline has won.
  [[nodiscard]] bool over() const noexcept {
    return state_.load(std::memory_order_relaxed) >= State::kSealed;
  }
  [[nodiscard]] bool hijacked() const noexcept {
    return state_.load(std::memory_order_acquire) == State::kHijacked;
  }

 private:
  [[nodiscard]] bool move(State from, State to) noexcept {
    return state_.compare_exchange_strong(from, to, std::memory_order_acq_rel,
                                          std::memory_order_relaxed);
  }

  std::atomic<State> state_{State::kOpen};
};

}  // namespace berth::serve
