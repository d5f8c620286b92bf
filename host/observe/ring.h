// A bounded byte queue from one thread to one other, without locks, that hands over whole lines.
// Not a queue for many producers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace berth::observe {

// The producer is the one thread that made the ring, the consumer is the writer thread. Positions
// count bytes since the start and never wrap (2^64).
class Ring {
 public:
  // REQUIRES bytes to be a power of two. Throws std::bad_alloc.
  explicit Ring(std::size_t bytes);
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // --- producer
  enum class Push : std::uint8_t { kTaken, kOverHalf, kFull };
  // All of line or nothing (kFull). kOverHalf: taken, and the consumer had better come.
  [[nodiscard]] Push push(std::string_view line) noexcept;
  // Nothing will be pushed any more.
  void end() noexcept { ended_.store(true, std::memory_order_release); }

  // --- consumer
  [[nodiscard]] bool empty() const noexcept;
  // Appends what is there now, whole lines only.
  void drain(std::vector<char>& out);
  // Whether the producer has ended; asked before drain(), an empty ring after it stays empty.
  [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }

  // --- the writer's owner
  // The writer is gone: whoever still caches the ring forgets it. Relaxed is enough: the flag is
  // read by a thread that has synchronised with the end of the writer before it can ask for a new
  // writer at the same address.
  void disown() noexcept { disowned_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool disowned() const noexcept { return disowned_.load(std::memory_order_relaxed); }

 private:
  const std::size_t mask_;
  const std::unique_ptr<char[]> bytes_;
  std::atomic<bool> ended_{false};     // producer: release, after its last push; consumer: acquire
  std::atomic<bool> disowned_{false};  // see disown()

  // Written by the producer, seq_cst: the bytes are published (release), and it is ordered before
  // the producer's look at the bell, as the consumer orders its bell before its look at head_: one
  // of the two sees the other (LineWriter).
  alignas(128) std::atomic<std::uint64_t> head_{0};
  std::uint64_t known_tail_ = 0;  // the producer's copy of tail_, so that it reads it rarely

  // Written by the consumer, release: bytes before it are copied out. The producer's acquire load
  // orders its overwriting after that copy.
  alignas(128) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace berth::observe
