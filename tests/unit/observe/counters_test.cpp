#include "observe/counters.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

namespace berth::observe {
namespace {

TEST(Counters, AddUpOverThreadsMoreThanShards) {
  Counters counters(2);
  std::vector<std::thread> threads;
  for (int i = 0; i < 5; ++i) {
    threads.emplace_back([&counters] {
      for (int n = 0; n < 1000; ++n) counters.add(Counter::kRequests);
      counters.add(Counter::kBytesOut, 7);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(counters.total(Counter::kRequests), 5000U);
  EXPECT_EQ(counters.total(Counter::kBytesOut), 35U);
  EXPECT_EQ(counters.total(Counter::kBytesIn), 0U);
}

TEST(Counters, ActiveIsAcceptedMinusClosed) {
  Counters counters(1);
  EXPECT_EQ(counters.active_connections(), 0U);
  counters.add(Counter::kConnectionsAccepted, 3);
  counters.add(Counter::kConnectionsClosed);
  EXPECT_EQ(counters.active_connections(), 2U);
}

TEST(Counters, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kCounterCount; ++i) names.insert(name(static_cast<Counter>(i)));
  EXPECT_EQ(names.size(), kCounterCount);
  EXPECT_EQ(names.count(""), 0U);
  EXPECT_EQ(name(Counter::kConnectionsAccepted), "connections_accepted");
  EXPECT_EQ(name(Counter::kHandlerTimeouts), "handler_timeouts");
}

TEST(Counters, StatusesCountByClass) {
  EXPECT_EQ(counter_of_status(103), Counter::kResponses1xx);
  EXPECT_EQ(counter_of_status(200), Counter::kResponses2xx);
  EXPECT_EQ(counter_of_status(304), Counter::kResponses3xx);
  EXPECT_EQ(counter_of_status(499), Counter::kResponses4xx);
  EXPECT_EQ(counter_of_status(599), Counter::kResponses5xx);
  EXPECT_EQ(counter_of_status(0), Counter::kResponses5xx);
}

}  // namespace
}  // namespace berth::observe
