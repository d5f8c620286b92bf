#include "serve/values.h"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"

namespace berth::serve {
namespace {

namespace limits = base::limits;

TEST(Values, HoldWhatWasSetLast) {
  Values values;
  EXPECT_TRUE(values.empty());
  EXPECT_EQ(values.find("user"), std::nullopt);
  EXPECT_TRUE(values.set("user", "ada"));
  EXPECT_TRUE(values.set("tenant", ""));
  EXPECT_EQ(values.find("user"), "ada");
  EXPECT_EQ(values.find("tenant"), "");
  EXPECT_EQ(values.find("User"), std::nullopt) << "case counts";
  EXPECT_TRUE(values.set("user", "grace"));
  EXPECT_EQ(values.find("user"), "grace");
  values.clear();
  EXPECT_EQ(values.find("user"), std::nullopt);
}

TEST(Values, AViewOutlivesOtherNamesAndMayBeSetAgain) {
  Values values;
  EXPECT_TRUE(values.set("first", "short"));
  const auto first = values.find("first");
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(values.set("n" + std::to_string(i), "x"));
  EXPECT_EQ(first, "short");
  EXPECT_TRUE(values.set("first", first->substr(1)));
  EXPECT_EQ(values.find("first"), "hort");
}

TEST(Values, RefuseWhatIsOverTheirLimitsAndKeepTheRest) {
  Values values;
  EXPECT_EQ(values.set("", "x").error(), IoError::kInvalid);
  const std::string large(limits::kValueBytes - 1, 'x');
  EXPECT_EQ(values.set("nn", large).error(), IoError::kTooLarge);
  EXPECT_TRUE(values.set("n", large));
  EXPECT_EQ(values.set("m", "").error(), IoError::kTooLarge);
  EXPECT_TRUE(values.set("n", large)) << "it takes the place of itself";
  EXPECT_TRUE(values.set("n", "small"));
  for (std::size_t i = 1; i < limits::kValues; ++i) {
    ASSERT_TRUE(values.set("n" + std::to_string(i), "x")) << i;
  }
  EXPECT_EQ(values.set("one more", "x").error(), IoError::kTooLarge);
  EXPECT_TRUE(values.set("n", "again"));
  EXPECT_EQ(values.find("one more"), std::nullopt);
}

}  // namespace
}  // namespace berth::serve
