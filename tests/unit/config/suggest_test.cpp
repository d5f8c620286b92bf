#include "config/suggest.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace berth::config {
namespace {

TEST(Suggest, DistanceCountsInsertionsDeletionsSubstitutionsAndSwaps) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("handler", "handler"), 0U);
  EXPECT_EQ(edit_distance("handlr", "handler"), 1U);
  EXPECT_EQ(edit_distance("hanlder", "handler"), 1U);
  EXPECT_EQ(edit_distance("HANDLER", "handler"), 0U);
  EXPECT_EQ(edit_distance("ca", "abc"), 3U);  // no substring is edited twice
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Suggest, OnlyWhatIsNearIsSuggested) {
  constexpr std::array<std::string_view, 4> kWords{"pattern", "handler", "timeout", "log"};
  EXPECT_EQ(nearest("handlr", kWords), "handler");
  EXPECT_EQ(nearest("timeuot", kWords), "timeout");
  EXPECT_EQ(nearest("Log", kWords), "log");
  EXPECT_EQ(nearest("lgo", kWords), "log");
  EXPECT_EQ(nearest("handler_name", kWords), "handler");  // begins the word
  EXPECT_EQ(nearest("logging", kWords), "");              // too short a beginning
  EXPECT_EQ(nearest("", kWords), "");
  EXPECT_EQ(nearest("zzzzzz", kWords), "");
  EXPECT_EQ(nearest("xyz", kWords), "");
  EXPECT_EQ(nearest(std::string(65, 'a'), kWords), "");
}

}  // namespace
}  // namespace berth::config
