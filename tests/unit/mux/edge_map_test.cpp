#include "mux/edge_map.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace berth::mux {
namespace {

EdgeMap map_of(const std::vector<std::string>& names, std::uint64_t seed) {
  std::vector<EdgeMap::Edge> edges;
  std::string texts;
  for (const std::string& name : names) {
    const auto child = static_cast<std::uint32_t>(edges.size() + 1);
    edges.push_back({.parent = 0,
                     .child = child,
                     .text_offset = static_cast<std::uint32_t>(texts.size()),
                     .text_length = static_cast<std::uint32_t>(name.size())});
    texts += name;
  }
  return {edges, texts, seed};
}

TEST(EdgeMap, FindsEachOfItsEdgesAndNothingElse) {
  const std::vector<std::string> names{"", "a", "ab", "a longer one", "one of more than 16 bytes"};
  const EdgeMap map = map_of(names, 7);
  for (std::uint32_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(map.find(0, names[i]), i + 1);
    EXPECT_EQ(map.find(1, names[i]), EdgeMap::kNone);
    EXPECT_EQ(map.find(0, names[i] + "x"), EdgeMap::kNone);
  }
}

// Whoever knows the hash but not the seed finds names that collide for one seed alone.
TEST(EdgeMap, NamesThatCollideForOneSeedDoNotForAnother_F21) {
  constexpr std::uint64_t kKnown = 1;
  constexpr std::size_t kNames = 32;
  constexpr std::size_t kLong = 24;
  std::vector<std::string> chosen;
  for (std::size_t i = 0; i < kNames; ++i) chosen.push_back("first" + std::to_string(i));
  std::size_t longest = 0;
  for (std::size_t i = 0; longest < kLong; ++i) {
    ASSERT_LT(i, 1'000'000U);
    std::string& place = chosen[i % kNames];
    const std::string before = std::exchange(place, "name" + std::to_string(i));
    const std::size_t now = map_of(chosen, kKnown).longest_search();
    if (now > longest) {
      longest = now;
    } else {
      place = before;
    }
  }
  for (const std::uint64_t seed : {0x123456789abcdefUL, 0xfedcba9876543210UL, 0xc0ffee0ddba11UL}) {
    EXPECT_LT(map_of(chosen, seed).longest_search(), kLong / 2) << seed;
  }
}

}  // namespace
}  // namespace berth::mux
