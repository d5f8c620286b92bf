// Counts of what the server did, kept per thread and added up when asked. Not histograms, and no
// format: whoever shows them reads totals.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace berth::observe {

enum class Counter : std::uint8_t {
  kConnectionsAccepted,
  kConnectionsClosed,      // active = accepted - closed
  kConnectionsBegun,       // that sent a first byte
  kConnectionsNeverBegun,  // that closed without
  kConnectionsRefused,     // over limits.connections, or no descriptor left
  kAcceptErrors,
  kRequests,     // whose head was parsed
  kBadRequests,  // refused by the parser
  kResponses1xx,
  kResponses2xx,
  kResponses3xx,
  kResponses4xx,
  kResponses5xx,
  kHalvesKept,     // times a connection was left with a half-done request or answer
  kHalvesTakenUp,  // times it was taken up again, or closed
  kHijacks,
  kHijacksEnded,
  kHijackersReturned,  // handlers that had hijacked
  kBytesIn,            // read from connections
  kBytesOut,           // written to connections
  kQueueRefused,       // 503 because no thread was to be had
  kHandlerExceptions,
  kHandlerTimeouts,
  kQueueTimeouts,        // 503 because no thread was free in time
  kOffloads,             // requests of routes that block, given to a thread of their own
  kStays,                // of them, those whose thread had stayed with its client
  kRoutesOffloaded,      // times a route was found to block
  kRoutesReturned,       // times one was found not to block any more
  kLoopsTaken,           // from a handler that kept one for too long
  kLoopsReleased,        // by a handler that was about to wait for its client
  kSparesMissing,        // handlers whose loop nobody could take over: no thread left
  kProxyHeadersRefused,  // connections that had to begin with a PROXY header and did not
};
inline constexpr std::size_t kCounterCount = 32;

// "connections_accepted" and so on. Static storage.
[[nodiscard]] std::string_view name(Counter counter) noexcept;
// kResponses1xx..5xx for 100..599; kResponses5xx for anything else, which is a fault of ours.
[[nodiscard]] constexpr Counter counter_of_status(int status) noexcept {
  if (status >= 200 && status < 300) return Counter::kResponses2xx;
  if (status >= 100 && status < 200) return Counter::kResponses1xx;
  if (status >= 300 && status < 400) return Counter::kResponses3xx;
  if (status >= 400 && status < 500) return Counter::kResponses4xx;
  return Counter::kResponses5xx;
}

// Any thread, many at once.
class Counters {
 public:
  // Shards, rounded up to a power of two: more than one thread may share one, the sums stay right.
  // REQUIRES shards > 0.
  explicit Counters(std::size_t shards);
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  // One relaxed add on the calling thread's shard.
  void add(Counter counter, std::uint64_t amount = 1) noexcept {
    if (thread_number_ == 0) [[unlikely]]
      thread_number_ = next_thread_number();
    Shard& shard = shards_[thread_number_ & (shard_count_ - 1)];
    // Relaxed: a count orders nothing. An atomic add, as threads beyond shard_count_ share.
    shard.values[static_cast<std::size_t>(counter)].fetch_add(amount, std::memory_order_relaxed);
  }
  // The sum over all shards. While others add it is some value between before and after; counts
  // read one after the other need not fit each other.
  [[nodiscard]] std::uint64_t total(Counter counter) const noexcept;
  // accepted - closed; never below 0.
  [[nodiscard]] std::uint64_t active_connections() const noexcept;

 private:
  // 128: two cache lines, as the adjacent-line prefetcher takes them in pairs.
  struct alignas(128) Shard {
    std::array<std::atomic<std::uint64_t>, kCounterCount> values{};
  };

  // Numbers threads from 1 in the order of their first count, so that the loops, which start first,
  // never share a shard.
  [[nodiscard]] static std::size_t next_thread_number() noexcept;

  static inline constinit thread_local std::size_t thread_number_ = 0;  // 0: none yet
  const std::size_t shard_count_;
  const std::unique_ptr<Shard[]> shards_;
};

}  // namespace berth::observe
