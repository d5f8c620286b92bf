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

// For so many, `most` at most; zero: not worth it.
base::Duration window(std::uint64_t connections, base::Duration most) noexcept {
  constexpr base::Duration kEach =
      base::Duration(std::chrono::seconds(1)) / base::limits::kPartingsPerSecond;
  // As few as make no difference to the product.
  const auto count = static_cast<base::Duration::rep>(
      std::min<std::uint64_t>(connections, static_cast<std::uint64_t>(most / kEach) + 1));
  const base::Duration wanted = std::min(most, kEach * count);
  return wanted < Partings::kShortest ? base::Duration::zero() : wanted;
}

}  // namespace

void Partings::open(std::uint64_t connections, base::TimePoint now, base::Duration time) noexcept {
  goodbye_ = window(connections, time / 2);
  cut_ = window(connections, time / 4);
  end_ = now + time;
}

base::Duration Partings::next_goodbye() noexcept {
  return place(goodbye_, goodbyes_.fetch_add(1, std::memory_order_relaxed));
}

base::TimePoint Partings::next_cut() noexcept {
  if (cut_ == base::Duration::zero()) return base::TimePoint::max();
  return end_ - place(cut_, cuts_.fetch_add(1, std::memory_order_relaxed));
}

std::uint64_t partings_due(std::uint64_t connections, base::Duration passed,
                           base::Duration time) noexcept {
  const base::Duration whole = window(connections, time / 2);
  if (passed >= whole) return UINT64_MAX;
  const double part = static_cast<double>(passed.count()) / static_cast<double>(whole.count());
  return static_cast<std::uint64_t>(static_cast<double>(connections) * part);
}

}  // namespace berth::serve
