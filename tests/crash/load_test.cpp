// What the generator takes for an answer of a host: one that takes anything would find no loss.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "crash/load/kind.h"
#include "load/answer.h"

namespace berth::crash {
namespace {

TEST(Answers, OfAHostNameItsProcessAndNothingElse) {
  struct Row {
    int status;
    std::string body;
    std::int64_t process;
  };
  const std::vector<Row> rows = {
      {200, "process 42\n", 42},
      {200, "process 1\n", 1},
      {503, "process 42\n", 0},
      {200, "process 42", 0},
      {200, "process \n", 0},
      {200, "process 4x\n", 0},
      {200, "still here\n", 0},
      {200, "process 42\n\n", 0},
      {200, "\n", 0},
      {200, "", 0},
  };
  for (const Row& row : rows) {
    load::Answer answer;
    answer.status = row.status;
    answer.body = row.body;
    EXPECT_EQ(process_in(answer), row.process) << row.status << ' ' << row.body;
  }
}

TEST(Kinds, TellTheFirstOfTheirFailuresAndCountAll) {
  Kind kind;
  for (int i = 0; i < 100; ++i) kind.fail("failure " + std::to_string(i));
  EXPECT_EQ(kind.failed, 100U);
  ASSERT_FALSE(kind.failures.empty());
  EXPECT_LT(kind.failures.size(), 100U);
  EXPECT_EQ(kind.failures.front(), "failure 0");
}

}  // namespace
}  // namespace berth::crash
