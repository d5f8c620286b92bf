// When connections are let go of: few at once, many one after the other.
#include "serve/partings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

#include "base/limits.h"

namespace berth::serve {
namespace {

using namespace std::chrono_literals;

constexpr base::TimePoint kNow{1h};

std::vector<base::Duration> goodbyes(Partings& partings, std::size_t count) {
  std::vector<base::Duration> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(partings.next_goodbye());
  std::sort(all.begin(), all.end());
  return all;
}

TEST(Partings, FewAreLetGoOfAtOnceAndCutAtTheEnd) {
  Partings partings;
  partings.open(99, kNow, 30s);
  EXPECT_EQ(goodbyes(partings, 99).back(), 0s);
  EXPECT_EQ(partings.next_cut(), base::TimePoint::max());
}

TEST(Partings, WithoutATimeNothingIsSpread) {
  Partings partings;
  partings.open(100'000, kNow, 0s);
  EXPECT_EQ(goodbyes(partings, 1000).back(), 0s);
  EXPECT_EQ(partings.next_cut(), base::TimePoint::max());
}

// In each tenth of the window as many as in any other, however many come in all.
TEST(Partings, ManyAreSpreadEvenly) {
  for (const std::size_t come : {1000U, 5000U, 10'000U}) {
    Partings partings;
    partings.open(10'000, kNow, 60s);  // at 1,000 a second
    const auto all = goodbyes(partings, come);
    EXPECT_LT(all.back(), 10s);
    for (auto begin = 0s; begin < 10s; ++begin) {
      const auto in_it = std::lower_bound(all.begin(), all.end(), begin + 1s) -
                         std::lower_bound(all.begin(), all.end(), base::Duration(begin));
      EXPECT_NEAR(static_cast<double>(in_it), static_cast<double>(come) / 10, 5) << begin.count();
    }
  }
}

TEST(Partings, TheWindowsAreAHalfAndAQuarterOfTheTimeAtMost) {
  Partings partings;
  partings.open(1'000'000, kNow, 30s);
  EXPECT_NEAR(std::chrono::duration<double>(goodbyes(partings, 1000).back()).count(), 15, 0.1);
  base::TimePoint first = base::TimePoint::max();
  for (int i = 0; i < 1000; ++i) {
    const base::TimePoint cut = partings.next_cut();
    EXPECT_LE(cut, kNow + 30s);
    first = std::min(first, cut);
  }
  EXPECT_NEAR(std::chrono::duration<double>(first - kNow).count(), 22.5, 0.1);
}

TEST(Partings, WhoAsksAgainIsToldHowManyAreDue) {
  EXPECT_EQ(partings_due(99, 0s, 30s), UINT64_MAX) << "few are let go of at once";
  EXPECT_EQ(partings_due(5000, 0s, 0s), UINT64_MAX) << "nobody knows for how long";
  EXPECT_EQ(partings_due(5000, 0s, 30s), 0U);
  EXPECT_EQ(partings_due(5000, 1s, 30s), 1000U);
  EXPECT_EQ(partings_due(5000, 5s, 30s), UINT64_MAX) << "and those that come later";
  // Half of the time at most.
  EXPECT_EQ(partings_due(1'000'000, 1s, 4s), 500'000U);
  EXPECT_EQ(partings_due(1'000'000, 2s, 4s), UINT64_MAX);
}

}  // namespace
}  // namespace berth::serve
