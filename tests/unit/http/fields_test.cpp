#include "http/fields.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace berth::http {
namespace {

// "A=1 B=2", in order.
std::string text(const Fields& fields) {
  std::string all;
  for (const Field field : fields) {
    if (!all.empty()) all += ' ';
    all.append(field.name).append("=").append(field.value);
  }
  return all;
}

TEST(Fields, KeepOrderSpellingAndRepetitions) {
  Fields fields;
  fields.add("Set-Cookie", "a");
  fields.add("X", "");
  fields.add("set-cookie", "b");
  EXPECT_EQ(text(fields), "Set-Cookie=a X= set-cookie=b");
  EXPECT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields.bytes(), std::string("Set-Cookie: a\r\nX: \r\nset-cookie: b\r\n").size());
}

TEST(Fields, AreFoundIgnoringCase) {
  Fields fields;
  fields.add("Content-Type", "text/plain");
  fields.add("content-type", "second");
  EXPECT_EQ(fields.find("CONTENT-TYPE"), "text/plain");
  EXPECT_TRUE(fields.contains("content-Type"));
  EXPECT_EQ(fields.find("Content"), std::nullopt);
}

TEST(Fields, SetReplacesTheFirstInPlaceAndRemovesTheOthers) {
  Fields fields;
  fields.add("A", "1");
  fields.add("B", "2");
  fields.add("a", "3");
  fields.add("C", "4");
  fields.add("A", "5");
  fields.set("a", "longer than before");
  EXPECT_EQ(text(fields), "A=longer than before B=2 C=4");
  fields.set("A", "");
  EXPECT_EQ(text(fields), "A= B=2 C=4");
  fields.set("D", "6");
  EXPECT_EQ(text(fields), "A= B=2 C=4 D=6");
}

TEST(Fields, RemoveTakesEveryLineOfTheName) {
  Fields fields;
  fields.add("A", "1");
  fields.add("a", "2");
  fields.add("B", "3");
  EXPECT_EQ(fields.remove("A"), 2U);
  EXPECT_EQ(text(fields), "B=3");
  EXPECT_EQ(fields.remove("A"), 0U);
  EXPECT_EQ(fields.remove("b"), 1U);
  EXPECT_TRUE(fields.empty());
  EXPECT_EQ(fields.bytes(), 0U);
}

TEST(Fields, SettingOverAndOverDoesNotGrow) {
  Fields fields;
  fields.add("X", "0");
  for (int i = 0; i < 1000; ++i) fields.set("X", std::to_string(i));
  EXPECT_EQ(fields.bytes(), std::string("X: 999\r\n").size());
}

TEST(Fields, CopiesAreIndependent) {
  Fields fields;
  fields.add("A", "1");
  Fields copy = fields;
  copy.set("A", "2");
  EXPECT_EQ(text(fields), "A=1");
  const Fields moved = std::move(copy);
  EXPECT_EQ(text(moved), "A=2");
}

}  // namespace
}  // namespace berth::http
