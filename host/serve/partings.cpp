#include "serve/partings.h"

#include <algorithm>
#include <chrono>

#include "base/limits.h"

namespace berth::serve {

namespace {

// The n-th place in the window: Knuth, The Art of Computer Programming, vol. 3, s6.4, Fibonacci
// hashing.
base::Duration place(base::Duration window, std::uint32_t n) noexcept {
  constexpr std::uint32_t kGoldenRatio = 0x9E3779B9;  // times 2^32
  constexpr double kWhole = 4294967296.0;
  const double part = static_cast<double>(n * kGoldenRatio) / kWhole;
  return base::Duration(
      static_cast<base::Duration::rep>(static_cast<double>(window.count()) * part));
}

}  // namespace

void Partings::open(std::uint64_t connections, base::TimePoint now, base::Duration time) noexcept {
  const auto window = [connections](base::Duration most) {
    constexpr base::Duration kEach =
        base::Duration(std::chrono::seconds(1)) / base::limits::kPartingsPerSecond;
    // As few as make no difference to the product.
    const auto count = static_cast<base::Duration::rep>(
        std::min<std::uint64_t>(connections, static_cast<std::uint64_t>(most / kEach) + 1));
    const base::Duration wanted = std::min(most, kEach * count);
    return wanted < kShortest ? base::Duration::zero() : wanted;
  };
  goodbye_ = window(time / 2);
  cut_ = window(time / 4);
  end_ = now + time;
}

base::Duration Partings::next_goodbye() noexcept {
  return place(goodbye_, goodbyes_.fetch_add(1, std::memory_order_relaxed));
}

base::TimePoint Partings::next_cut() noexcept {
  if (cut_ == base::Duration::zero()) return base::TimePoint::max();
  return end_ - place(cut_, cuts_.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace berth::serve
