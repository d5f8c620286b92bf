// What the generator judges answers by: a judge that takes anything would find nothing.
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "reload/checksum.h"
#include "reload/load/kind.h"
#include "reload/load/quiet_slices.h"
#include "reload/load/releases.h"

namespace berth::reload {
namespace {

TEST(Releases, AfterAReloadHasReturnedTheOldOneMayNotAnswerWhatBeginsThen) {
  Releases releases;
  EXPECT_TRUE(releases.may_answer(0, 1));
  EXPECT_FALSE(releases.may_answer(0, 2));
  releases.ask();
  EXPECT_TRUE(releases.may_answer(0, 1));
  EXPECT_TRUE(releases.may_answer(0, 2));
  releases.take_effect();
  EXPECT_TRUE(releases.may_answer(0, 1)) << "it began before";
  EXPECT_TRUE(releases.may_answer(0, 2));
  EXPECT_FALSE(releases.may_answer(1, 1));
  EXPECT_TRUE(releases.may_answer(1, 2));
  EXPECT_FALSE(releases.may_answer(0, 3));
}

TEST(Releases, OneThatWasRefusedMayNotAnswer) {
  Releases releases;
  releases.ask();
  releases.take_back();
  EXPECT_FALSE(releases.may_answer(0, 2));
}

TEST(QuietSlices, CountNothingOfThoseInWhichTheMachineTookACoreAway) {
  using namespace std::chrono_literals;
  const load::Clock::time_point start{};
  bench::Histogram latencies;
  latencies.record(1s);  // before it begins
  QuietSlices quiet(100ms);
  quiet.begin(latencies, {{1, 5}, {1, 7}}, start);
  EXPECT_FALSE(quiet.is_over(start + 99ms));
  EXPECT_TRUE(quiet.is_over(start + 100ms));

  for (int i = 0; i < 10; ++i) latencies.record(1ms);
  quiet.cut(latencies, {{2, 5.005}, {2, 7}}, start + 100ms);
  for (int i = 0; i < 10; ++i) latencies.record(500ms);
  quiet.cut(latencies, {{3, 5.005}, {3, 7.006}}, start + 200ms);
  EXPECT_EQ(quiet.slices(), 2U);
  EXPECT_EQ(quiet.counted(), 1U) << "6 ms of 100 on the second core";
  EXPECT_NEAR(static_cast<double>(quiet.latencies().quantile(1).count()), 1e6, 5e4);

  for (int i = 0; i < 10; ++i) latencies.record(400ms);
  quiet.cut(latencies, {{3, 5.005}, {3, 7.006}}, start + 300ms);
  EXPECT_EQ(quiet.counted(), 1U) << "what waited then";
  for (int i = 0; i < 10; ++i) latencies.record(3ms);
  quiet.cut(latencies, {{4, 5.005}, {4, 7.006}}, start + 400ms);
  EXPECT_EQ(quiet.counted(), 2U);
  EXPECT_NEAR(static_cast<double>(quiet.latencies().quantile(0.5).count()), 1e6, 5e4);
  EXPECT_NEAR(static_cast<double>(quiet.latencies().quantile(1).count()), 3e6, 1e5);

  quiet.begin(latencies, {{4, 5}, {4, 7}}, start);
  EXPECT_EQ(quiet.slices(), 0U);
  EXPECT_EQ(quiet.latencies().quantile(1), 0ns);
}

const Kind& kind_named(const std::vector<Kind>& kinds, std::string_view name) {
  for (const Kind& kind : kinds) {
    if (kind.name == name) return kind;
  }
  throw std::out_of_range(std::string(name));
}

TEST(Judges, TakeWholeAnswersOfOneReleaseOnly) {
  const std::vector<Kind> kinds = usual_kinds(1);
  const Judge& line = kind_named(kinds, "keep-alive").judge;
  EXPECT_EQ(line({200, "release 1\n", 0}), 1);
  EXPECT_EQ(line({200, "release 2\n", 0}), 2);
  EXPECT_EQ(line({200, "release 2", 0}), kWrong);
  EXPECT_EQ(line({200, "release 3\n", 0}), kWrong);
  EXPECT_EQ(line({503, "release 1\n", 0}), kWrong);

  std::string stream;
  for (int i = 0; i < kStreamLines; ++i) {
    stream += "release 2 " + std::string(kStreamLineBytes - 11, '.') + "\n";
  }
  const Judge& streamed = kind_named(kinds, "streamed downloads").judge;
  EXPECT_EQ(streamed({200, stream, 0}), 2);
  EXPECT_EQ(streamed({200, stream.substr(kStreamLineBytes), 0}), kWrong);
  std::string mixed = stream;
  mixed[kStreamLineBytes + 8] = '1';
  EXPECT_EQ(streamed({200, mixed, 0}), kWrong) << "another release in the middle";
  stream[100] = ',';
  EXPECT_EQ(streamed({200, stream, 0}), kWrong);
}

TEST(Judges, OfUploadsWantTheChecksumOfWhatWasSent) {
  const std::vector<Kind> kinds = usual_kinds(1);
  const Kind& upload = kind_named(kinds, "uploads with a length");
  const std::string& request = upload.pieces.front();
  Checksum sum;
  sum.add(request.substr(request.find("\r\n\r\n") + 4));
  EXPECT_EQ(upload.judge({200, "release 1: " + sum.text() + "\n", 0}), 1);
  sum.add("x");
  EXPECT_EQ(upload.judge({200, "release 1: " + sum.text() + "\n", 0}), kWrong);
}

}  // namespace
}  // namespace berth::reload
