// The times of an open loop: what is late is counted from when it was due.
#include "bench/load/schedule.h"

#include <gtest/gtest.h>

namespace berth::bench {
namespace {

using namespace std::chrono_literals;

constexpr Schedule::Time kFirst{1h};

TEST(Schedule, the_first_is_due_at_once_and_the_others_evenly_after_it) {
  Schedule schedule(kFirst, 4, 3);
  EXPECT_FALSE(schedule.is_due(kFirst - 1ns));
  ASSERT_TRUE(schedule.is_due(kFirst));
  EXPECT_EQ(schedule.take(), kFirst);
  EXPECT_FALSE(schedule.is_due(kFirst + 249ms));
  EXPECT_TRUE(schedule.is_due(kFirst + 250ms));
}

TEST(Schedule, what_is_taken_late_keeps_the_time_at_which_it_was_due) {
  Schedule schedule(kFirst, 4, 3);
  const Schedule::Time late = kFirst + 1min;
  for (const auto due : {0ms, 250ms, 500ms}) {
    ASSERT_TRUE(schedule.is_due(late));
    EXPECT_EQ(schedule.take(), kFirst + due);
  }
}

TEST(Schedule, nothing_is_due_after_the_last) {
  Schedule schedule(kFirst, 4, 1);
  EXPECT_EQ(schedule.last(), kFirst);
  EXPECT_EQ(schedule.take(), kFirst);
  EXPECT_FALSE(schedule.is_due(kFirst + 1h));
}

TEST(Schedule, a_rate_that_does_not_divide_a_second_does_not_drift) {
  const Schedule schedule(kFirst, 3, 3'000'001);
  EXPECT_EQ(schedule.last(), kFirst + 1'000'000s);
}

}  // namespace
}  // namespace berth::bench
