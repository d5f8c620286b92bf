// The arithmetic of the load generator's latencies.
#include "bench/load/histogram.h"

#include <gtest/gtest.h>

namespace berth::bench {
namespace {

using namespace std::chrono_literals;

TEST(Histogram, quantiles_are_within_three_percent) {
  Histogram histogram;
  for (int i = 1; i <= 1000; ++i) histogram.record(i * 1us);
  EXPECT_NEAR(static_cast<double>(histogram.quantile(0.5).count()), 500e3, 15e3);
  EXPECT_NEAR(static_cast<double>(histogram.quantile(0.99).count()), 990e3, 30e3);
}

TEST(Histogram, small_values_are_exact_and_the_largest_has_a_bucket) {
  Histogram histogram;
  for (const auto latency : {0ns, 1ns, 31ns, 63ns}) histogram.record(latency);
  EXPECT_EQ(histogram.quantile(0.25), 0ns);
  EXPECT_EQ(histogram.quantile(0.5), 1ns);
  EXPECT_EQ(histogram.quantile(0.75), 31ns);
  EXPECT_EQ(histogram.quantile(1), 63ns);
  histogram.record(std::chrono::nanoseconds::max());
  EXPECT_GT(histogram.quantile(1), 1000000h);
}

TEST(Histogram, an_empty_one_tells_nothing) { EXPECT_EQ(Histogram().quantile(0.5), 0ns); }

TEST(Histogram, a_negative_latency_counts_as_none) {
  Histogram histogram;
  histogram.record(-5ns);
  EXPECT_EQ(histogram.quantile(1), 0ns);
}

}  // namespace
}  // namespace berth::bench
