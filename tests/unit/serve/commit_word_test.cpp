#include "serve/commit_word.h"

#include <gtest/gtest.h>

namespace berth::serve {
namespace {

TEST(CommitWord, OfTwoThatExcludeEachOtherOneHappens) {
  CommitWord word;
  word.open();
  EXPECT_TRUE(word.commit());
  EXPECT_FALSE(word.seal(word.current()));
  EXPECT_FALSE(word.over());
  EXPECT_TRUE(word.cut(word.current()));
  EXPECT_TRUE(word.over());
  EXPECT_FALSE(word.complete());

  word.open();
  EXPECT_FALSE(word.over());
  EXPECT_TRUE(word.seal(word.current()));
  EXPECT_FALSE(word.commit());
  EXPECT_FALSE(word.hijack());
  EXPECT_FALSE(word.begin_informing());
  EXPECT_TRUE(word.over());

  word.open();
  EXPECT_TRUE(word.begin_informing());
  EXPECT_FALSE(word.seal(word.current()));
  EXPECT_TRUE(word.cut(word.current()));
  EXPECT_FALSE(word.end_informing());

  word.open();
  EXPECT_TRUE(word.hijack());
  EXPECT_TRUE(word.hijacked());
  EXPECT_FALSE(word.seal(word.current()));
  EXPECT_FALSE(word.cut(word.current()));
}

TEST(CommitWord, ADeadlineThatComesTooLateDoesNotMeetTheNextExchange) {
  CommitWord word;
  word.open();
  const CommitWord::Exchange first = word.current();
  EXPECT_TRUE(word.commit_whole());
  EXPECT_EQ(word.current(), first) << "what becomes of it does not change its number";
  word.open();
  EXPECT_NE(word.current(), first);
  EXPECT_FALSE(word.seal(first));
  EXPECT_TRUE(word.commit());
  EXPECT_FALSE(word.cut(first));
  EXPECT_TRUE(word.complete());
}

}  // namespace
}  // namespace berth::serve
