#include "supervise/variables.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace berth::supervise {
namespace {

TEST(VariablesTest, AreSetReplacedAndRemovedByTheirWholeName) {
  Variables variables({"A=1", "AB=2", "EMPTY=", "odd", "B=x=y"});
  EXPECT_EQ(variables.value("A"), "1");
  EXPECT_EQ(variables.value("B"), "x=y");
  EXPECT_EQ(variables.value("EMPTY"), "");
  EXPECT_EQ(variables.value("odd"), "");
  variables.set("A", "3");
  variables.set("C", "");
  variables.remove("B");
  variables.remove("NOTHING");
  EXPECT_EQ(variables.entries(), (std::vector<std::string>{"AB=2", "EMPTY=", "odd", "A=3", "C="}));
}

}  // namespace
}  // namespace berth::supervise
