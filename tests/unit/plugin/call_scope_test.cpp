#include "plugin/call_scope.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <cerrno>
#include <csignal>

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
