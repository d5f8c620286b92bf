#include "app/crash_drain.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "serve/response_writer.h"

namespace berth::app {
namespace {

bool is_told(const CrashDrain& drain) {
  pollfd told{.fd = drain.descriptor(), .events = POLLIN, .revents = 0};
  return ::poll(&told, 1, 0) == 1;
}

struct Draining : ::testing::Test {
  Draining() : drain(std::move(CrashDrain::open()).value()) {}
  std::unique_ptr<CrashDrain> drain;
  serve::ResponseWriter response;
};

TEST_F(Draining, IsNotAllowedUnlessTheConfigurationSaysSo) {
  EXPECT_FALSE(drain->claim(&response));
  drain->allow(true);
  drain->allow(false);
  EXPECT_FALSE(drain->claim(&response));
}

TEST_F(Draining, ACrashOutsideOfARequestEndsTheProcess) {
  drain->allow(true);
  EXPECT_FALSE(drain->claim(nullptr));
  EXPECT_TRUE(drain->claim(&response)) << "it did not count as one";
}

TEST_F(Draining, ASecondCrashEndsTheProcess) {
  drain->allow(true);
  EXPECT_TRUE(drain->claim(&response));
  EXPECT_FALSE(drain->claim(&response));
}

TEST_F(Draining, AParkedThreadIsToldOfAndStaysUntilItIsReleased) {
  drain->allow(true);
  EXPECT_FALSE(is_told(*drain));
  EXPECT_EQ(drain->parked(), nullptr);
  drain->release();  // nobody is there
  std::atomic<bool> gone{false};
  std::thread crashed([&] {
    ASSERT_TRUE(drain->claim(&response));
    drain->park(base::Duration::max() / 2);
    gone = true;
  });
  pollfd told{.fd = drain->descriptor(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&told, 1, -1), 1);
  EXPECT_EQ(drain->parked(), &response);
  EXPECT_FALSE(gone);
  drain->release();
  crashed.join();
  EXPECT_TRUE(gone);
  EXPECT_EQ(drain->parked(), nullptr);
}

TEST_F(Draining, AParkedThreadThatNobodyReleasesGoesOn) {
  drain->allow(true);
  ASSERT_TRUE(drain->claim(&response));
  drain->park(std::chrono::milliseconds(1));
  EXPECT_EQ(drain->parked(), nullptr);
}

}  // namespace
}  // namespace berth::app
