#include "plugin/call_scope.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

namespace berth::plugin {
namespace {

constexpr CallSite kSite{"GET /a"};

bool is_blocked(int signal) {
  sigset_t mask;
  (void)::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return ::sigismember(&mask, signal) == 1;
}

void change(int how, int signal) {
  sigset_t only;
  (void)::sigemptyset(&only);
  (void)::sigaddset(&only, signal);
  EXPECT_EQ(::sigprocmask(how, &only, nullptr), 0);
}

TEST(CallScope, LeavesTheThreadAsTheCallFoundIt_F63) {
  {
    const CallScope scope(kSite);
    change(SIG_BLOCK, SIGUSR1);
    change(SIG_BLOCK, SIGUSR2);
  }
  EXPECT_FALSE(is_blocked(SIGUSR1));
  EXPECT_FALSE(is_blocked(SIGUSR2));
}

TEST(CallScope, OneInsideAnotherLeavesItWhatItHadChanged_F63) {
  {
    const CallScope around(kSite);
    change(SIG_BLOCK, SIGUSR1);
    {
      const CallScope scope(kSite);
      change(SIG_UNBLOCK, SIGUSR1);
      change(SIG_BLOCK, SIGUSR2);
    }
    EXPECT_TRUE(is_blocked(SIGUSR1));
    EXPECT_FALSE(is_blocked(SIGUSR2));
  }
  EXPECT_FALSE(is_blocked(SIGUSR1));
}

// As V8 does for what it has caught.
TEST(CallScope, WhatAHandlerOfASignalChangesIsNotTheCalls_F63) {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int signal) {
    sigset_t only;
    (void)::sigemptyset(&only);
    (void)::sigaddset(&only, signal);
    (void)::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  };
  (void)::sigfillset(&action.sa_mask);
  ASSERT_EQ(::sigaction(SIGFPE, &action, &before), 0);
  {
    const CallScope scope(kSite);
    ASSERT_EQ(::raise(SIGFPE), 0);
  }
  ASSERT_EQ(::sigaction(SIGFPE, &before, nullptr), 0);
  EXPECT_FALSE(is_blocked(SIGFPE));
  EXPECT_FALSE(is_blocked(SIGUSR1));
}

TEST(CallScope, NoMoreIsWrittenThanTheKernelWrites) {
  std::uint64_t mask[2] = {0, 0x5a5a5a5a5a5a5a5aU};
  EXPECT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, reinterpret_cast<sigset_t*>(mask)), 0);
  EXPECT_EQ(mask[1], 0x5a5a5a5a5a5a5a5aU);
}

TEST(CallScope, ToTheHostItselfTheMaskIsWhatItSets) {
  change(SIG_BLOCK, SIGUSR1);
  EXPECT_TRUE(is_blocked(SIGUSR1));
  change(SIG_UNBLOCK, SIGUSR1);
  EXPECT_FALSE(is_blocked(SIGUSR1));
}

TEST(CallScope, CallsThatChangeTheMaskFailAsTheCLibrarys) {
  sigset_t set;
  (void)::sigemptyset(&set);
  errno = 0;
  EXPECT_EQ(::pthread_sigmask(4711, &set, nullptr), EINVAL);
  EXPECT_EQ(errno, 0);
  EXPECT_EQ(::sigprocmask(4711, &set, nullptr), -1);
  EXPECT_EQ(errno, EINVAL);
  EXPECT_EQ(::pthread_sigmask(4711, nullptr, nullptr), 0) << "how is not looked at";
}

}  // namespace
}  // namespace berth::plugin
