#include "cli/columns.h"

#include <gtest/gtest.h>

namespace berth::cli {
namespace {

TEST(Columns, AreAsWideAsTheirWidestCell) {
  EXPECT_EQ(columns({{"A", "BB", "C"}, {"longer", "b", "c"}, {"x"}}),
            "A       BB  C\n"
            "longer  b   c\n"
            "x\n");
  EXPECT_EQ(columns({{"a", "b"}, {"", "c"}}, 2), "  a  b\n     c\n");
  EXPECT_EQ(columns({}), "");
}

TEST(Columns, ATerminalIsNotSteered) {
  EXPECT_EQ(columns({{"a\x1b[31m\n", "b"}, {"\xe2\x82\xac", "c"}}),
            "a\\u{1b}[31m\\u{0a}  b\n\xe2\x82\xac                  c\n");
}

}  // namespace
}  // namespace berth::cli
