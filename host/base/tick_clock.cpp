#include "base/tick_clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace berth::base {

namespace {

std::int64_t clock_ns() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch().count();
}

#if defined(__x86_64__)

bool counter_is_invariant() noexcept {
  constexpr unsigned kPowerManagement = 0x80000007U;
  constexpr unsigned kInvariant = 1U << 8U;
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(kPowerManagement, &a, &b, &c, &d) != 0 && (d & kInvariant) != 0;
}

struct Pair {
  std::int64_t counter;
  std::int64_t clock_ns;
};

// Both at the same moment: of some tries the one that was interrupted least.
Pair read_both() noexcept {
  Pair best{};
  std::int64_t least = INT64_MAX;
  for (int i = 0; i < 8; ++i) {
    const auto before = static_cast<std::int64_t>(__builtin_ia32_rdtsc());
    const std::int64_t clock = clock_ns();
    const auto after = static_cast<std::int64_t>(__builtin_ia32_rdtsc());
    if (after - before >= least) continue;
    least = after - before;
    best = {before + (after - before) / 2, clock};
  }
  return best;
}

#endif

}  // namespace

TickClock::TickClock() noexcept {
#if defined(__x86_64__)
  if (!counter_is_invariant()) return;
  const Pair first = read_both();
  constexpr std::int64_t kSpan = 200'000;  // ns: two errors of 0.1 us are 0.1 % of it
  while (clock_ns() - first.clock_ns < kSpan) {
  }
  const Pair second = read_both();
  if (second.counter <= first.counter) return;
  counter_ = true;
  ticks_per_ns_ = static_cast<double>(second.counter - first.counter) /
                  static_cast<double>(second.clock_ns - first.clock_ns);
#endif
}

const TickClock& TickClock::system() noexcept {
  static const TickClock clock;
  return clock;
}

}  // namespace berth::base
