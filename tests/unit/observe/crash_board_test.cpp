#include "observe/crash_board.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "base/limits.h"

namespace berth::observe {
namespace {

TEST(CrashBoard, WhatAProcessHasWrittenIsThereWhenItIsGone) {
  auto board = CrashBoard::create();
  ASSERT_TRUE(board);
  EXPECT_TRUE(board->read().empty());
  const pid_t child = ::fork();
  if (child == 0) {
    CrashRecord* const whole = board->claim();
    whole->signal = 11;
    whole->plugin.set("guilty");
    board->finish(*whole);
    board->claim()->signal = 6;  // and dies
    ::_exit(0);
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  const std::vector<CrashBoard::Entry> entries = board->read();
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_TRUE(entries[0].whole);
  EXPECT_EQ(entries[0].record.signal, 11);
  EXPECT_EQ(entries[0].record.plugin.view(), "guilty");
  EXPECT_FALSE(entries[1].whole);
  EXPECT_EQ(entries[1].record.signal, 6);
}

TEST(CrashBoard, TheDescriptorLeadsToTheSameRecords) {
  auto board = CrashBoard::create();
  ASSERT_TRUE(board);
  auto other = CrashBoard::adopt(base::Descriptor(::dup(board->descriptor())));
  ASSERT_TRUE(other);
  CrashRecord* const record = other->claim();
  record->signal = 8;
  other->finish(*record);
  ASSERT_EQ(board->read().size(), 1U);
  EXPECT_EQ(board->read().front().record.signal, 8);
}

TEST(CrashBoard, EachClaimIsAnotherRecordUntilThereAreNone) {
  auto board = CrashBoard::create();
  ASSERT_TRUE(board);
  for (std::size_t i = 0; i < base::limits::kCrashRecords; ++i) {
    ASSERT_NE(board->claim(), nullptr) << i;
  }
  EXPECT_EQ(board->claim(), nullptr);
  EXPECT_EQ(board->read().size(), base::limits::kCrashRecords);
}

TEST(CrashBoard, OtherDescriptorsAreRefused) {
  base::Descriptor shrinkable(::memfd_create("board", MFD_CLOEXEC));
  ASSERT_EQ(::ftruncate(shrinkable.get(), 1 << 20), 0);
  EXPECT_EQ(CrashBoard::adopt(std::move(shrinkable)).error().code,
            base::ErrorCode::kInvalidArgument);
  EXPECT_FALSE(CrashBoard::adopt(base::Descriptor(::open("/dev/null", O_RDWR | O_CLOEXEC))));
  EXPECT_FALSE(CrashBoard::adopt(base::Descriptor()));
}

TEST(CrashText, IsCutAtItsSizeAndTrustsNoSize) {
  CrashText<4> text;
  text.set("abcdef");
  EXPECT_EQ(text.view(), "abcd");
  std::memset(static_cast<void*>(&text), 0xFF, sizeof text);
  EXPECT_EQ(text.view().size(), 4U);
}

}  // namespace
}  // namespace berth::observe
