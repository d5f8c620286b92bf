#include "observe/ring.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace berth::observe {
namespace {

std::string drained(Ring& ring) {
  std::vector<char> out;
  ring.drain(out);
  return {out.begin(), out.end()};
}

TEST(Ring, GivesLinesInOrder) {
  Ring ring(64);
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(ring.push("one\n"), Ring::Push::kTaken);
  EXPECT_EQ(ring.push("two\n"), Ring::Push::kTaken);
  EXPECT_FALSE(ring.empty());
  EXPECT_EQ(drained(ring), "one\ntwo\n");
  EXPECT_TRUE(ring.empty());
  EXPECT_EQ(drained(ring), "");
}

TEST(Ring, TellsWhenItIsHalfFullAndTakesAllOrNothing) {
  Ring ring(16);
  EXPECT_EQ(ring.push("1234567\n"), Ring::Push::kTaken);
  EXPECT_EQ(ring.push("9\n"), Ring::Push::kOverHalf);
  EXPECT_EQ(ring.push("1234567\n"), Ring::Push::kFull);
  EXPECT_EQ(ring.push("12345\n"), Ring::Push::kOverHalf);
  EXPECT_EQ(ring.push("x"), Ring::Push::kFull);
  EXPECT_EQ(drained(ring), "1234567\n9\n12345\n");
  EXPECT_EQ(ring.push(std::string(17, 'x')), Ring::Push::kFull);
  EXPECT_EQ(ring.push(std::string(16, 'x')), Ring::Push::kOverHalf);
}

TEST(Ring, LinesRunAcrossTheEnd) {
  Ring ring(16);
  for (std::size_t size = 1; size <= 16; ++size) {
    for (int i = 0; i < 40; ++i) {
      const std::string line(size, static_cast<char>('a' + i % 26));
      ASSERT_NE(ring.push(line), Ring::Push::kFull);
      ASSERT_EQ(drained(ring), line);
    }
  }
}

TEST(Ring, HandsBytesOverWhileItIsFilled) {
  constexpr int kLines = 20000;
  Ring ring(256);
  std::thread producer([&ring] {
    for (int i = 0; i < kLines; ++i) {
      const std::string line = std::to_string(i) + "\n";
      while (ring.push(line) == Ring::Push::kFull) std::this_thread::yield();
    }
    ring.end();
  });
  std::vector<char> out;
  for (bool ended = false; !ended;) {
    ended = ring.ended();
    ring.drain(out);
  }
  producer.join();
  std::string expected;
  for (int i = 0; i < kLines; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(std::string(out.begin(), out.end()), expected);
}

}  // namespace
}  // namespace berth::observe
