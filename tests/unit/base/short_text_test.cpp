// Every length that takes a way of its own, and what lies around it.
#include "base/short_text.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace berth::base {
namespace {

std::string letters(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i % 26);
  return text;
}

TEST(ShortText, CopiesEveryLengthAndNothingAround) {
  for (std::size_t size = 0; size <= 200; ++size) {
    const std::string text = letters(size);
    std::string to(size + 2, '.');
    char* const end = copy_text(to.data() + 1, text);
    EXPECT_EQ(end, to.data() + 1 + size);
    EXPECT_EQ(to, "." + text + ".") << size;
  }
}

TEST(ShortText, AnyDifferenceIsSeen) {
  for (std::size_t size = 0; size <= 40; ++size) {
    const std::string text = letters(size);
    EXPECT_TRUE(same_text(text, std::string(text))) << size;
    EXPECT_FALSE(same_text(text, text + "x"));
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = '!';
      EXPECT_FALSE(same_text(text, other)) << size << " at " << at;
    }
  }
}

}  // namespace
}  // namespace berth::base
