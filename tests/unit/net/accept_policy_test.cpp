#include "net/accept_policy.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <vector>

namespace berth::net {
namespace {

using namespace std::chrono_literals;

constexpr base::TimePoint kStart{1h};

TEST(AcceptPolicy, EachErrorHasItsAction) {
  struct Row {
    int error;
    AcceptAction action;
  };
  const std::vector<Row> rows = {
      {EAGAIN, AcceptAction::kNothing},     {EINTR, AcceptAction::kRetry},
      {ECONNABORTED, AcceptAction::kRetry}, {EPROTO, AcceptAction::kRetry},
      {EPERM, AcceptAction::kRetry},        {ENETUNREACH, AcceptAction::kRetry},
      {EMFILE, AcceptAction::kShed},        {ENFILE, AcceptAction::kShed},
      {ENOBUFS, AcceptAction::kPause},      {ENOMEM, AcceptAction::kPause},
      {EIO, AcceptAction::kPause},          {EBADF, AcceptAction::kGiveUp},
      {EINVAL, AcceptAction::kGiveUp},      {ENOTSOCK, AcceptAction::kGiveUp},
  };
  for (const Row& row : rows) {
    AcceptPolicy policy;
    EXPECT_EQ(policy.on_error(row.error, kStart).action, row.action) << row.error;
  }
}

TEST(AcceptPolicy, PausesDoubleFromFiveMillisecondsToOneSecondAndEachIsLoggedOnce) {
  AcceptPolicy policy;
  base::TimePoint now = kStart;
  for (const auto expected : {5ms, 10ms, 20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1000ms, 1000ms}) {
    const AcceptVerdict verdict = policy.on_error(ENOMEM, now);
    EXPECT_EQ(verdict.action, AcceptAction::kPause);
    EXPECT_EQ(verdict.pause, expected);
    EXPECT_TRUE(verdict.log);
    now += verdict.pause;
  }
}

TEST(AcceptPolicy, ASuccessStartsThePausesAnew) {
  AcceptPolicy policy;
  EXPECT_EQ(policy.on_error(ENOMEM, kStart).pause, 5ms);
  EXPECT_EQ(policy.on_error(ENOMEM, kStart).pause, 10ms);
  policy.on_success(kStart);
  EXPECT_EQ(policy.on_error(ENOMEM, kStart).pause, 5ms);
}

TEST(AcceptPolicy, SheddingIsLoggedOncePerStepHoweverManyConnectionsCome) {
  AcceptPolicy policy;
  int lines = 0;
  for (auto at = 0ms; at < 10s; at += 1ms) {  // ten seconds, a refusal and a success each
    if (policy.on_error(EMFILE, kStart + at).log) ++lines;
    policy.on_success(kStart + at);
  }
  EXPECT_EQ(lines, 17);  // at 0, 5, 15, 35, 75, 155, 315, 635, 1275 ms, then every second
}

TEST(AcceptPolicy, AfterAQuietSecondTheNextErrorIsLoggedAtOnce) {
  AcceptPolicy policy;
  EXPECT_TRUE(policy.on_error(EMFILE, kStart).log);
  EXPECT_TRUE(policy.on_error(EMFILE, kStart + 5ms).log);
  EXPECT_FALSE(policy.on_error(EMFILE, kStart + 14ms).log);
  policy.on_success(kStart + 2s);
  EXPECT_TRUE(policy.on_error(EMFILE, kStart + 2s).log);
  EXPECT_TRUE(policy.on_error(EMFILE, kStart + 2s + 5ms).log);
}

TEST(AcceptPolicy, ErrorsOfSingleConnectionsAreNotLoggedButNeverSpin) {
  AcceptPolicy policy;
  for (int i = 0; i < AcceptPolicy::kMaxRetries; ++i) {
    const AcceptVerdict verdict = policy.on_error(ECONNABORTED, kStart);
    ASSERT_EQ(verdict.action, AcceptAction::kRetry);
    EXPECT_FALSE(verdict.log);
  }
  const AcceptVerdict verdict = policy.on_error(ECONNABORTED, kStart);
  EXPECT_EQ(verdict.action, AcceptAction::kPause);
  EXPECT_EQ(verdict.pause, 5ms);
  EXPECT_TRUE(verdict.log);
}

}  // namespace
}  // namespace berth::net
