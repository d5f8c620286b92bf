// Latencies counted in buckets of 3 %; it knows no single value.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace berth::bench {

class Histogram {
 public:
  void record(std::chrono::nanoseconds latency) noexcept {
    const auto value = static_cast<std::uint64_t>(latency.count() < 0 ? 0 : latency.count());
    ++buckets_[index_of(value)];
    ++count_;
  }

  // Adds what `now` has and `before`, an earlier state of it, had not.
  void add(const Histogram& now, const Histogram& before) noexcept {
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      buckets_[i] += now.buckets_[i] - before.buckets_[i];
    }
    count_ += now.count_ - before.count_;
  }

  // The latency that a share of `quantile` (0 to 1) of all did not exceed; 0 if there is none.
  [[nodiscard]] std::chrono::nanoseconds quantile(double quantile) const noexcept {
    const auto wanted = static_cast<std::uint64_t>(quantile * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t index = 0; index < buckets_.size(); ++index) {
      seen += buckets_[index];
      if (seen > 0 && seen >= wanted) return std::chrono::nanoseconds(middle_of(index));
    }
    return {};
  }

 private:
  // Each power of two is cut into 32: a value below 32 is its own bucket.
  static constexpr unsigned kBits = 5;
  static constexpr std::uint64_t kSteps = 1U << kBits;

  static constexpr std::size_t index_of(std::uint64_t value) noexcept {
    if (value < kSteps) return value;
    const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kBits - 1;
    return shift * kSteps + (value >> shift);
  }
  static constexpr std::int64_t middle_of(std::size_t index) noexcept {
    if (index < 2 * kSteps) return static_cast<std::int64_t>(index);
    const std::size_t shift = index / kSteps - 1;
    const std::size_t low = (index % kSteps + kSteps) << shift;
    return static_cast<std::int64_t>(low + (std::size_t{1} << shift) / 2);
  }

  std::array<std::uint64_t, 60 * kSteps> buckets_{};
  std::uint64_t count_ = 0;
};

}  // namespace berth::bench
