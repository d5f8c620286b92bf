#include "cli/project_template.h"

#include <gtest/gtest.h>

#include <string>

namespace berth::cli {
namespace {

std::string filled(std::string_view text) {
  return fill_in(text, *ProjectName::parse("cart_items2"));
}

TEST(ProjectName, IsThatOfAPluginAndOfAType) {
  const auto name = ProjectName::parse("cart_items2");
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->plugin(), "cart_items2");
  EXPECT_EQ(name->type(), "CartItems2");
  EXPECT_EQ(ProjectName::parse("a__b_")->type(), "AB");
  EXPECT_TRUE(ProjectName::parse(std::string(64, 'a')).ok());
}

TEST(ProjectName, IsNoneThatTheBuildWouldRefuse) {
  for (const char* const name : {"", "Shop", "2shop", "_shop", "sh-op", "sh.op", "sh op", "../shop",
                                 "sh\xc3\xb6p", "test", "all", "install", "preinstall"}) {
    EXPECT_FALSE(ProjectName::parse(name).ok()) << name;
  }
  EXPECT_FALSE(ProjectName::parse(std::string(65, 'a')).ok());
}

TEST(FillIn, ReplacesWholeWords) {
  EXPECT_EQ(filled("greet"), "cart_items2");
  EXPECT_EQ(filled("class Greet : Handler"), "class CartItems2 : Handler");
  EXPECT_EQ(filled("src/greet.cpp, greet_test"), "src/cart_items2.cpp, cart_items2_test");
  EXPECT_EQ(filled("\"GET /greet/{name}\" greet.greet\n"),
            "\"GET /cart_items2/{name}\" cart_items2.cart_items2\n");
}

TEST(FillIn, LeavesLongerOnesAndAllElse) {
  for (const char* const text : {"", "greeting", "greeting_", "it greets", "regreet", "GREET",
                                 "greet2", "Greeter", "\xc3\xa4 \x01 \n\t"}) {
    EXPECT_EQ(filled(text), text);
  }
}

}  // namespace
}  // namespace berth::cli
