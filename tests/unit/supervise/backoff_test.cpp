#include "supervise/backoff.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace berth::supervise {
namespace {

using namespace std::chrono_literals;

struct Row {
  const char* what;
  std::vector<base::Duration> lived;
  std::vector<base::Duration> waits;
};

TEST(BackoffTest, WaitsAsHostsHaveLived) {
  const Row rows[] = {
      {"the first one is replaced at once, however short it lived", {1ms}, {0s}},
      {"quick ones double the wait, up to ten seconds",
       {1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s},
       {0ms, 100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 6400ms, 10s, 10s}},
      {"ten seconds are not quick", {10s, 10s, 10s}, {0s, 0s, 0s}},
      {"but do not make the wait shorter",
       {1s, 1s, 1s, 10s, 59s, 1s},
       {0s, 100ms, 200ms, 200ms, 200ms, 400ms}},
      {"a minute does", {1s, 1s, 1s, 60s, 1s}, {0s, 100ms, 200ms, 0s, 100ms}},
      {"a long life, then a crash loop", {1h, 1s, 1s}, {0s, 100ms, 200ms}},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    Backoff backoff;
    std::vector<base::Duration> waits;
    for (const base::Duration lived : row.lived) waits.push_back(backoff.next(lived));
    EXPECT_EQ(waits, row.waits);
  }
}

}  // namespace
}  // namespace berth::supervise
