#include "config/reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/limits.h"
#include "config/diagnostic.h"
#include "config/node.h"

namespace berth::config {
namespace {

struct Read {
  explicit Read(std::string text) : diagnostics("r.yaml", std::move(text)) {
    ReadTotals totals;
    document = read_document(diagnostics, Environment(), totals);
  }
  // The one finding, as "LINE:COLUMN: WHAT".
  [[nodiscard]] std::string only() const {
    if (diagnostics.all().size() != 1) return diagnostics.render();
    const Diagnostic& found = diagnostics.all()[0];
    return std::to_string(found.position.line) + ":" + std::to_string(found.position.column) +
           ": " + found.what;
  }

  Diagnostics diagnostics;
  Document document;
};

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  out.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

base::SourcePosition position(std::uint32_t line, std::uint32_t column) {
  return {"r.yaml", line, column};
}

TEST(Reader, EveryNodeKnowsItsPlace) {
  const Read read("a: 1\nb:\n  - x\n  - {c: 'y'}\n\"d\": *s\n");
  EXPECT_FALSE(read.document.root.has_value());  // *s names no anchor
  const Read good("a: &s 1\nb:\n  - x\n  - {c: 'y'}\n\"d\": *s\ne:\n\nf: ~\n");
  ASSERT_TRUE(good.document.root.has_value()) << good.diagnostics.render();
  const Node& root = *good.document.root;
  EXPECT_EQ(root.position(), position(1, 1));
  EXPECT_EQ(root.key(1).position(), position(2, 1));
  EXPECT_EQ(root.find("a")->position(), position(1, 4));
  EXPECT_EQ(root.find("b")->position(), position(3, 3));
  EXPECT_EQ(root.at("b.0")->position(), position(3, 5));
  EXPECT_EQ(root.at("b.1.c")->position(), position(4, 9));
  EXPECT_EQ(root.find("d")->position(), position(5, 6));  // the alias, not the anchor
  EXPECT_EQ(root.find("e")->position(), position(6, 1));  // nothing is written: the key
  EXPECT_EQ(root.find("f")->position(), position(8, 4));
}

TEST(Reader, QuotedAndBlockTextIsMarkedAsSuch) {
  const Read read("a: 1\nb: '1'\nc: \"1\"\nd: |\n  1\ne: &x '1'\nf: *x\n");
  ASSERT_TRUE(read.document.root.has_value()) << read.diagnostics.render();
  const Node& root = *read.document.root;
  EXPECT_FALSE(root.find("a")->quoted());
  for (const char* key : {"b", "c", "d", "e", "f"}) EXPECT_TRUE(root.find(key)->quoted()) << key;
}

TEST(Reader, EmptyTextInQuotesIsTextAndNothingIsNull) {
  const Read read("a: ''\nb:\nc: null\nd: ~\ne: 'null'\n");
  ASSERT_TRUE(read.document.root.has_value()) << read.diagnostics.render();
  EXPECT_TRUE(read.document.root->find("a")->is_scalar());
  for (const char* key : {"b", "c", "d"}) {
    EXPECT_TRUE(read.document.root->find(key)->is_null()) << key;
  }
  EXPECT_TRUE(read.document.root->find("e")->is_scalar());
}

TEST(Reader, AByteOrderMarkIsTakenOff) {
  EXPECT_EQ(strip_bom("\xEF\xBB\xBF"
                      "a: 1"),
            "a: 1");
  EXPECT_EQ(strip_bom("a: 1"), "a: 1");
}

TEST(Reader, LinesMayEndInCrLf) {
  const Read read("a: 1\r\nb: |\r\n  x\r\n  y\r\n");
  ASSERT_TRUE(read.document.root.has_value()) << read.diagnostics.render();
  EXPECT_EQ(read.document.root->find("a")->text(), "1");
  EXPECT_EQ(read.document.root->find("b")->text(), "x\ny\n");
}

TEST(Reader, NestingIsCappedBeforeItCostsStack_F50) {
  for (const std::string_view opening : {"[", "- ", "? ", "{a: ", "[{a: "}) {
    const Read read(repeat(opening, 100'000));
    ASSERT_EQ(read.diagnostics.errors(), 1U) << opening;
    EXPECT_EQ(read.diagnostics.all()[0].what, "lists and maps are nested deeper than 64");
  }
  const std::string deepest = repeat("[", 64) + repeat("]", 64);
  EXPECT_TRUE(Read(deepest).document.root.has_value());
}

TEST(Reader, AliasesMayNotMultiplyTheFile_F50) {
  const std::string text =
      "a: &a " + std::string(100'000, 'x') + "\nb: [" + repeat("*a,", 100) + "]";
  EXPECT_EQ(Read(text).only(), "2:128: aliases repeat more than 4 MiB of text");
}

TEST(Reader, TooManyValuesAreRefused) {
  EXPECT_EQ(Read("[" + repeat("a,", 1'000'001) + "]").only(),
            "0:0: the configuration holds more than 1000000 values");
}

TEST(Reader, AFileOverTheCapIsRefusedUnread) {
  EXPECT_EQ(Read(std::string(base::limits::kConfigFile + 1, '#')).only(),
            "0:0: the file is larger than 4 MiB");
}

TEST(Reader, WhatWasRefusedIsMarkedAsSpoilt) {
  const Read read("a: &a [1]\nb: *a\n");
  ASSERT_TRUE(read.document.root.has_value());
  EXPECT_TRUE(read.document.spoilt.contains({2, 4}));
  EXPECT_TRUE(read.document.root->find("b")->is_null());
}

TEST(Reader, EveryStructuralMistakeIsReportedAtOnce) {
  const Read read("a: !!binary x\na: 2\n<<: 3\n[b]: 4\nnull: 5\nc: &c [*c]\n");
  EXPECT_EQ(read.diagnostics.errors(), 7U) << read.diagnostics.render();
  ASSERT_TRUE(read.document.root.has_value());
  EXPECT_EQ(read.document.root->size(), 2U);  // a and c
}

}  // namespace
}  // namespace berth::config
