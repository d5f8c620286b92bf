#include "net/wait.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <thread>

#include "unit/net/loopback.h"

namespace berth::net {
namespace {

class WaitTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
  }
  base::Descriptor read_end_;
  base::Descriptor write_end_;
};

TEST_F(WaitTest, ReadyIsToldWhateverTheDeadline) {
  ASSERT_EQ(::write(write_end_.get(), "x", 1), 1);
  EXPECT_EQ(wait_readable(read_end_.get(), base::TimePoint::min()), WaitResult::kReady);
  EXPECT_EQ(wait_readable(read_end_.get(), base::TimePoint::max()), WaitResult::kReady);
  EXPECT_EQ(wait_writable(write_end_.get(), base::TimePoint::max()), WaitResult::kReady);
}

TEST_F(WaitTest, ADeadlineThatPassedAsksOnceAndDoesNotWait) {
  EXPECT_EQ(wait_readable(read_end_.get(), base::TimePoint::min()), WaitResult::kTimeout);
  EXPECT_EQ(wait_readable(read_end_.get(), base::system_clock().now()), WaitResult::kTimeout);
}

TEST_F(WaitTest, TheDeadlineIsNeverEarly) {
  const base::TimePoint deadline =
      base::system_clock().now() + std::chrono::milliseconds(2) + std::chrono::nanoseconds(1);
  EXPECT_EQ(wait_readable(read_end_.get(), deadline), WaitResult::kTimeout);
  EXPECT_GE(base::system_clock().now(), deadline);
}

TEST_F(WaitTest, AHangUpIsReady) {
  write_end_.reset();
  EXPECT_EQ(wait_readable(read_end_.get(), testing::soon()), WaitResult::kReady);
}

TEST_F(WaitTest, WhatIsNoDescriptorIsAnError) {
  const int fd = read_end_.release();
  ::close(fd);
  EXPECT_EQ(wait_readable(fd, testing::soon()), WaitResult::kError);
  EXPECT_EQ(wait_readable(-1, testing::soon()), WaitResult::kError);
  EXPECT_EQ(wait_writable(-1, testing::soon()), WaitResult::kError);
}

TEST_F(WaitTest, AnyOfSeveralIsEnoughAndNegativeOnesAreLeftOut) {
  std::array<pollfd, 3> entries{
      {{-1, POLLIN, 0}, {read_end_.get(), POLLIN, 0}, {write_end_.get(), POLLIN, 0}}};
  EXPECT_EQ(wait_any(entries, base::TimePoint::min()), WaitResult::kTimeout);
  ASSERT_EQ(::write(write_end_.get(), "x", 1), 1);
  EXPECT_EQ(wait_any(entries, base::TimePoint::max()), WaitResult::kReady);
  EXPECT_EQ(entries[0].revents, 0);
  EXPECT_EQ(entries[1].revents, POLLIN);
  EXPECT_EQ(entries[2].revents, 0);
  entries[2].fd = 1 << 20;
  EXPECT_EQ(wait_any(entries, testing::soon()), WaitResult::kError);
}

TEST_F(WaitTest, ASignalDoesNotEndTheWait) {
  static std::atomic<int> signals;
  signals = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { signals.fetch_add(1); };  // no SA_RESTART: poll(2) says EINTR
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  const pthread_t waiter = ::pthread_self();
  std::thread interrupter([&] {
    // Whether they hit the wait is the scheduler's choice; that many nearly always do.
    for (int i = 0; i < 100; ++i) {
      ::pthread_kill(waiter, SIGUSR1);
      std::this_thread::yield();
    }
    EXPECT_EQ(::write(write_end_.get(), "x", 1), 1);
  });
  EXPECT_EQ(wait_readable(read_end_.get(), testing::soon()), WaitResult::kReady);
  interrupter.join();
  EXPECT_GT(signals.load(), 0);
  ASSERT_EQ(::sigaction(SIGUSR1, &before, nullptr), 0);
}

}  // namespace
}  // namespace berth::net
