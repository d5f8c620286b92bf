#include "sched/learning.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace berth::sched {
namespace {

using namespace std::chrono_literals;
using Change = Learning::Change;

int calls_until(Learning& route, Change change, base::Duration blocked) {
  for (int calls = 1; calls <= 100'000; ++calls) {
    if (route.record(blocked) == change) return calls;
  }
  return -1;
}

TEST(Learning, ANewRouteIsServedInlineAndMeasured) {
  const Learning route;
  EXPECT_FALSE(route.offloaded());
  EXPECT_FALSE(route.settled());
  EXPECT_FALSE(route.proven());
}

TEST(Learning, WhatAlwaysBlocksIsOffloadedWithinSevenCalls) {
  for (const base::Duration blocked :
       {base::Duration(200us), base::Duration(300us), base::Duration(10ms), base::Duration(20s)}) {
    Learning route;
    EXPECT_EQ(calls_until(route, Change::kOffloaded, blocked), 7) << blocked.count();
    EXPECT_TRUE(route.offloaded());
    EXPECT_EQ(route.times_offloaded(), 1U);
  }
}

TEST(Learning, WhatBlocksForLessThanAHandOverCostsStaysInline) {
  Learning route;
  EXPECT_EQ(calls_until(route, Change::kOffloaded, 4us), -1);
  EXPECT_GT(calls_until(route, Change::kOffloaded, 6us), 0);
}

TEST(Learning, ItComesBackOnceItHasStoppedBlocking) {
  Learning route;
  for (int i = 0; i < 10'000; ++i) (void)route.record(10ms);
  ASSERT_TRUE(route.offloaded());
  const int calls = calls_until(route, Change::kReturned, 0ns);
  EXPECT_GT(calls, 1000);
  EXPECT_LT(calls, 1500);
  EXPECT_FALSE(route.offloaded());
  EXPECT_EQ(calls_until(route, Change::kOffloaded, 10ms), 5) << "and goes again";
  EXPECT_EQ(route.times_offloaded(), 2U);
}

TEST(Learning, OneCallInAHundredThatBlocksLeavesTheRouteInline) {
  Learning route;
  for (int i = 1; i <= 100'000; ++i) (void)route.record(i % 100 == 0 ? 10ms : 0ns);
  EXPECT_EQ(route.times_offloaded(), 0U);
  EXPECT_FALSE(route.proven()) << "it may block, so it needs a spare";
}

TEST(Learning, OneInAHundredAtRandomIsServedInlineNineTimesInTen) {
  Learning route;
  std::mt19937 random(7);
  int offloaded = 0;
  constexpr int kCalls = 1'000'000;
  for (int i = 0; i < kCalls; ++i) {
    (void)route.record(random() % 100 == 0 ? 10ms : 0ns);
    if (route.offloaded()) ++offloaded;
  }
  EXPECT_LT(offloaded, kCalls / 10);
}

void record_quick(Learning& route, int calls) {
  for (int i = 0; i < calls; ++i) (void)route.record(0ns);
}

TEST(Learning, ARouteSettlesAfterQuickCallsAndIsMeasuredAgainWhenDoubted) {
  Learning route;
  record_quick(route, 1000);
  EXPECT_TRUE(route.proven());
  EXPECT_FALSE(route.settled());
  record_quick(route, 532);
  EXPECT_TRUE(route.settled());
  route.doubt();
  EXPECT_FALSE(route.settled());
  EXPECT_TRUE(route.proven());
  record_quick(route, 32);
  EXPECT_TRUE(route.settled());
}

TEST(Learning, ASettledRouteRemainsProvenAfterOneLapseAndNotAfterTwo) {
  Learning route;
  record_quick(route, 2000);
  route.doubt();
  (void)route.record(150us);
  EXPECT_TRUE(route.proven());
  (void)route.record(150us);
  EXPECT_FALSE(route.proven());
}

TEST(Learning, ARouteIsNotProvenWhileACallOfItHangs) {
  Learning route;
  record_quick(route, 2000);
  route.distrust();
  EXPECT_FALSE(route.proven());
  EXPECT_FALSE(route.settled());
  route.acquit();
  EXPECT_TRUE(route.proven());
  (void)route.record(150us);
  EXPECT_TRUE(route.proven()) << "a lapse is forgiven as before";
}

TEST(Learning, QuickCallsMakeUpForADistrustThatNobodyTookBack) {
  Learning route;
  record_quick(route, 2000);
  route.distrust();
  record_quick(route, 31);
  EXPECT_FALSE(route.proven());
  record_quick(route, 1);
  EXPECT_TRUE(route.proven());
}

TEST(Learning, AnAcquittalProvesNothingByItself) {
  Learning route;
  route.acquit();
  record_quick(route, 100);
  route.distrust();
  route.acquit();
  EXPECT_FALSE(route.proven());
}

TEST(Learning, AnAverageDecaysToNothingAndTheRouteSettles) {
  Learning route;
  for (int i = 0; i < 100; ++i) (void)route.record(10ms);
  for (int i = 0; i < 5000; ++i) (void)route.record(0ns);
  EXPECT_EQ(route.average(), 0ns);
  EXPECT_TRUE(route.settled());
}

TEST(Learning, TurnedOffItTrustsWhateverHappens) {
  Learning route;
  route.turn_off();
  route.distrust();
  const Learning copy = route;
  for (const Learning* each : {static_cast<const Learning*>(&route), &copy}) {
    EXPECT_TRUE(each->settled());
    EXPECT_TRUE(each->proven());
    EXPECT_TRUE(each->is_off());
  }
}

TEST(Learning, ACopyBeginsWithWhatTheOriginalKnows) {
  Learning route;
  (void)calls_until(route, Change::kOffloaded, 1ms);
  const Learning copy = route;
  EXPECT_TRUE(copy.offloaded());
  EXPECT_EQ(copy.average(), route.average());
}

}  // namespace
}  // namespace berth::sched
