#include "serve/connection_states.h"

#include <algorithm>
#include <cassert>

#include "sched/loops.h"
#include "sched/pool.h"

namespace berth::serve {

namespace {

constexpr std::array<std::string_view, kConnectionStateCount> kNames{"new", "active", "idle",
                                                                     "hijacked", "closed"};

// Counts are read one after the other, so that one may be ahead of the other.
std::uint64_t difference(std::uint64_t more, std::uint64_t less) noexcept {
  return more > less ? more - less : 0;
}

}  // namespace

std::string_view name(ConnectionState state) noexcept {
  assert(static_cast<std::size_t>(state) < kConnectionStateCount);
  return kNames[static_cast<std::size_t>(state)];
}

ConnectionStates count_connections(const observe::Counters& counters, const sched::Pool& pool,
                                   const sched::Loops& loops) {
  using observe::Counter;
  const auto total = [&counters](Counter counter) { return counters.total(counter); };
  const std::uint64_t closed = total(Counter::kConnectionsClosed);
  const std::uint64_t begun = total(Counter::kConnectionsBegun);
  const std::uint64_t never_begun = total(Counter::kConnectionsNeverBegun);
  const std::uint64_t accepted = total(Counter::kConnectionsAccepted);

  const std::uint64_t fresh = difference(accepted, begun + never_begun);
  const std::uint64_t hijacks = total(Counter::kHijacks);
  const std::uint64_t hijacked = difference(hijacks, total(Counter::kHijacksEnded));
  // Threads in a handler: those that drive no loop, and those whose loop may be taken meanwhile.
  const std::uint64_t threads =
      difference(pool.at_work(), loops.driven()) + loops.inside_handlers();
  const std::uint64_t hijackers = difference(hijacks, total(Counter::kHijackersReturned));
  const std::uint64_t halves =
      difference(total(Counter::kHalvesKept), total(Counter::kHalvesTakenUp));
  const std::uint64_t busy = difference(threads, hijackers) + pool.queued() + halves;

  const std::uint64_t others = difference(difference(accepted, closed), fresh + hijacked);
  const std::uint64_t active = std::min(busy, others);
  return {{fresh, active, others - active, hijacked, closed}};
}

}  // namespace berth::serve
