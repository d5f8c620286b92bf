#include "observe/counters.h"

#include <bit>
#include <cassert>

namespace berth::observe {

namespace {

constexpr std::array<std::string_view, kCounterCount> kNames = {
    "connections_accepted",
    "connections_closed",
    "connections_begun",
    "connections_never_begun",
    "connections_refused",
    "accept_errors",
    "requests",
    "bad_requests",
    "responses_1xx",
    "responses_2xx",
    "responses_3xx",
    "responses_4xx",
    "responses_5xx",
    "halves_kept",
    "halves_taken_up",
    "hijacks",
    "hijacks_ended",
    "hijackers_returned",
    "bytes_in",
    "bytes_out",
    "queue_refused",
    "handler_exceptions",
    "handler_timeouts",
    "queue_timeouts",
    "offloads",
    "stays",
    "routes_offloaded",
    "routes_returned",
    "loops_taken",
    "loops_released",
    "spares_missing",
    "proxy_headers_refused",
};
static_assert(static_cast<std::size_t>(Counter::kProxyHeadersRefused) + 1 == kCounterCount);

std::size_t index_of(Counter counter) noexcept { return static_cast<std::size_t>(counter); }

}  // namespace

std::string_view name(Counter counter) noexcept {
  assert(index_of(counter) < kCounterCount);
  return kNames[index_of(counter)];
}

Counters::Counters(std::size_t shards)
    : shard_count_(std::bit_ceil(shards)), shards_(std::make_unique<Shard[]>(shard_count_)) {
  assert(shards > 0);
}

// Relaxed: only the numbers matter, nothing is published with them.
std::size_t Counters::next_thread_number() noexcept {
  static std::atomic<std::size_t> next{1};
  return next.fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t Counters::total(Counter counter) const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < shard_count_; ++i) {
    sum += shards_[i].values[index_of(counter)].load(std::memory_order_relaxed);
  }
  return sum;
}

std::uint64_t Counters::active_connections() const noexcept {
  // Closed first: what is accepted in between makes the difference larger, never negative.
  const std::uint64_t closed = total(Counter::kConnectionsClosed);
  const std::uint64_t accepted = total(Counter::kConnectionsAccepted);
  return accepted > closed ? accepted - closed : 0;
}

}  // namespace berth::observe
