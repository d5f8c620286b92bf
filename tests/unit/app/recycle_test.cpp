// When a host has become too large or too old.
#include "app/recycle.h"

#include <gtest/gtest.h>

#include <chrono>

namespace berth::app {
namespace {

using namespace std::chrono_literals;

TEST(Recycle, OnlyWhatIsMoreThanARuleAllowsIsAReason) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  config::Recycle rule;
  EXPECT_EQ(recycle_reason(rule, {.retired_images = 16, .memory = 1U << 30U, .age = 9000h}), "");
  EXPECT_EQ(recycle_reason(rule, {.retired_images = 17}),
            "17 images could not leave, more than 16");
  rule.retired_images.reset();
  EXPECT_EQ(recycle_reason(rule, {.retired_images = 1000}), "");
  rule.memory = 100 * kMiB;
  EXPECT_EQ(recycle_reason(rule, {.memory = 100 * kMiB}), "");
  EXPECT_EQ(recycle_reason(rule, {.memory = 102 * kMiB}),
            "it uses 102 MiB of memory, more than 100MiB");
  rule.age = 24h;
  EXPECT_EQ(recycle_reason(rule, {.age = 24h}), "");
  EXPECT_EQ(recycle_reason(rule, {.age = 25h}), "it is older than 24h");
}

TEST(Recycle, WhatThisProcessUsesIsKnown) { EXPECT_GT(resident_memory(), 100'000U); }

}  // namespace
}  // namespace berth::app
