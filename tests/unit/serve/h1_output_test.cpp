#include "serve/h1_output.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "base/limits.h"
#include "unit/serve/h1_fixture.h"

namespace berth::serve {
namespace {

using namespace std::chrono_literals;

struct H1OutputTest : testing::H1Fixture {
  void begin(Options options = {}) {
    connect(options);
    output.begin(*worker_, *service_, *stream_);
  }
  H1Output output;
};

TEST_F(H1OutputTest, GathersSmallWritesAndSendsThemWhenAskedTo) {
  begin();
  output.bytes().append("head\r\n");
  EXPECT_TRUE(output.write("body"));
  EXPECT_EQ(client_takes(100), "");
  EXPECT_TRUE(output.flush());
  EXPECT_TRUE(output.empty());
  EXPECT_EQ(client_takes(100), "head\r\nbody");
}

TEST_F(H1OutputTest, TakesWhatTheClientHasNotAndForgetsIt) {
  begin();
  EXPECT_TRUE(output.write("left over"));
  EXPECT_EQ(output.take().view(), "left over");
  EXPECT_TRUE(output.empty());
}

TEST_F(H1OutputTest, TakesOnlyWhatWasNotSentYet) {
  begin();
  const std::string large(1'000'000, 'x');
  std::string all;
  EXPECT_TRUE(output.write("a"));
  // Up to kUnsent stays behind, so how much the client gets at last is not known before write() has
  // returned.
  std::atomic<bool> written{false};  // no order wanted: join() makes one
  std::thread client([&] {
    while (!written.load(std::memory_order_relaxed)) all += client_takes(65'536);
  });
  EXPECT_TRUE(output.write(large));
  written.store(true, std::memory_order_relaxed);
  client.join();
  const base::Buffer left = output.take();
  for (std::string piece; !(piece = client_takes(65'536)).empty();) all += piece;
  EXPECT_EQ(all.size() + left.size(), 1 + large.size());
  EXPECT_LE(left.size(), base::limits::kUnsent);
}

// A client that is always a little behind, so that something is left at every moment.
TEST_F(H1OutputTest, KeepsNoMoreThanIsUnsentForAClientThatIsAlwaysBehind) {
  Options options;
  options.unsent_bytes = 600'000;
  begin(options);
  const std::string piece(40'000, 'x');
  std::size_t written = 0;
  std::size_t taken = 0;
  while (written - taken < 600'000) {  // the socket is full and something is kept
    EXPECT_TRUE(output.write(piece));
    written += piece.size();
  }
  for (int i = 0; i < 500; ++i) {
    taken += client_takes(piece.size()).size();
    if (written - taken > 600'000) continue;
    ASSERT_TRUE(output.write(piece));
    written += piece.size();
    ASSERT_LE(output.bytes().size(), 2 * options.unsent_bytes) << "after " << written << " bytes";
  }
  EXPECT_GT(written, 5'000'000U);
}

TEST_F(H1OutputTest, GivesUpAClientThatTakesNothing) {
  Options options;
  options.write_stall = 20ms;
  begin(options);
  EXPECT_EQ(output.write(std::string(10'000'000, 'x')).error(), IoError::kTimedOut);
  EXPECT_TRUE(output.lost());
  EXPECT_TRUE(output.empty());
  EXPECT_EQ(output.write("x").error(), IoError::kClosed);
  EXPECT_EQ(output.flush().error(), IoError::kClosed);
  EXPECT_FALSE(output.try_send());
}

TEST_F(H1OutputTest, IsLostWithItsClient) {
  begin();
  client_.reset();
  EXPECT_TRUE(output.write("x"));
  EXPECT_FALSE(output.try_send());
  EXPECT_TRUE(output.lost());
  output.begin(*worker_, *service_, *stream_);
  EXPECT_FALSE(output.lost()) << "the next connection's turn";
}

}  // namespace
}  // namespace berth::serve
