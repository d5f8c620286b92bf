// What the calls of one route have taught: whether they block. Decides where the next one runs, and
// measures nothing itself (CallMeter does).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/clock.h"
#include "sched/share.h"

namespace berth::sched {

// An average over some 256 calls of how long each blocked, and how calm the route has been:
//
//   inline ---- average above kBlockingOffload (5 us) ----> offloaded
//     ^ ------- average below kBlockingReturn (1.25 us) ------ |
//
// The same rule wherever the call ran, or a route would never come back. One call counts for at
// most kBlockingMost (200 us), as its loop is taken after that: so what always blocks is learnt
// within 7 calls and forgotten within some 1,400, and what blocks once in a hundred calls stays
// inline (it averages 2 us, less than a hand-over of every call would cost).
//
// Any thread. All of it is one word of its own cache line, so that a decision is made from one
// state; relaxed, because it is advice and orders nothing. Calls of a settled route only read it.
class alignas(64) Learning {
 public:
  enum class Change : std::uint8_t { kNone, kOffloaded, kReturned };

  Learning() = default;
  // A copy begins with what the original knows, and belongs to nobody. Not while the copy is
  // shared.
  Learning(const Learning& other) noexcept : word_(other.load()), off_(other.off_) {}
  Learning& operator=(const Learning& other) noexcept {
    word_.store(other.load(), std::memory_order_relaxed);
    off_ = other.off_;
    return *this;
  }
  ~Learning() = default;

  // From now on it is always settled and learns nothing. Before it is shared.
  void turn_off() noexcept {
    off_ = true;
    word_.store(kSettledState, std::memory_order_relaxed);
  }
  [[nodiscard]] bool is_off() const noexcept { return off_; }
  // Of the threads that calls of its plugin may be on, this route counts among `most`. Before it is
  // shared.
  void belong_to(std::shared_ptr<Share> share, std::size_t most) noexcept {
    share_ = std::move(share);
    most_ = most;
  }
  // Null: of no plugin.
  [[nodiscard]] const std::shared_ptr<Share>& share() const noexcept { return share_; }
  // Whether one more call of it may get a thread.
  [[nodiscard]] bool has_room() const noexcept { return !share_ || share_->threads() < most_; }

  // Every call for a while was quick: there is nothing to measure, and nothing to record.
  [[nodiscard]] bool settled() const noexcept { return (load() & kStateBits) == kSettledState; }
  // Requests go to a thread of their own.
  [[nodiscard]] bool offloaded() const noexcept { return (load() & kOffloadedBit) != 0; }
  // Its calls were quick so often that one may run where no thread is left to take the loop over.
  [[nodiscard]] bool proven() const noexcept { return calm_of(load()) >= kProven; }

  // One call: how long it blocked, zero for not at all.
  Change record(base::Duration blocked) noexcept;
  // One call took long and nobody knows why: the next ones have to be measured.
  void doubt() noexcept;
  // One call is inside for so long that its loop had to be taken: it may never return, so while it
  // does not the route's record counts for nothing. Until acquit(), or some quick calls.
  void distrust() noexcept;
  // One call was inside for long and has returned without having blocked, as far as is known: it
  // was preempted. What it was distrusted for did not happen.
  void acquit() noexcept;

  [[nodiscard]] base::Duration average() const noexcept;
  // How often it was found to block, up to 32767.
  [[nodiscard]] unsigned times_offloaded() const noexcept {
    return static_cast<unsigned>(load() >> kTimesShift);
  }

 private:
  // bits 0-31: 256 times the average in nanoseconds; 32-47: calm calls; 48: offloaded; 49-63: times
  static constexpr unsigned kCalmShift = 32;
  static constexpr unsigned kTimesShift = 49;
  static constexpr std::uint64_t kOffloadedBit = std::uint64_t{1} << 48U;
  static constexpr std::uint64_t kStateBits = (std::uint64_t{1} << kTimesShift) - 1;
  static constexpr std::uint64_t kProven = 1000;
  // Lost by a call that is not calm: quick ones have to make up for it.
  static constexpr std::uint64_t kLapse = 500;
  // Calls that are measured after a doubt, or make up for a distrust.
  static constexpr std::uint64_t kTrial = 32;
  // A settled route remains proven after one lapse: while no thread is free it cannot prove itself
  // again, and any call may once have had to wait for a page.
  static constexpr std::uint64_t kSettled = kProven + kLapse + kTrial;
  static constexpr std::uint64_t kSettledState = kSettled << kCalmShift;

  [[nodiscard]] std::uint64_t load() const noexcept {
    return word_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] static std::uint64_t calm_of(std::uint64_t word) noexcept {
    return word >> kCalmShift & 0xffffU;
  }
  [[nodiscard]] static std::uint64_t with_calm(std::uint64_t word, std::uint64_t calm) noexcept {
    return (word & ~(std::uint64_t{0xffff} << kCalmShift)) | calm << kCalmShift;
  }

  std::atomic<std::uint64_t> word_{0};
  bool off_ = false;
  std::shared_ptr<Share> share_;
  std::size_t most_ = 0;
};

}  // namespace berth::sched
