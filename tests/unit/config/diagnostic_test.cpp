#include "config/diagnostic.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "config/printable.h"

namespace berth::config {
namespace {

constexpr auto kNever = Diagnostics::Colour::kNever;
constexpr auto kAlways = Diagnostics::Colour::kAlways;

Diagnostic at(std::uint32_t line, std::uint32_t column, std::string what = "wrong") {
  return {{"b.yaml", line, column}, std::move(what), {}, {}, Severity::kError};
}

std::string render(std::string source, const Diagnostic& diagnostic) {
  return Diagnostics("b.yaml", std::move(source)).render(diagnostic, kNever);
}

TEST(Diagnostic, ShowsPlaceTextSuggestionLineCaretAndHelp) {
  const Diagnostic diagnostic{
      {"b.yaml", 2, 3}, "unknown key \"handlr\"", "handler", "one\ntwo", Severity::kError};
  EXPECT_EQ(render("routes:\n  handlr: x\nlog: y\n", diagnostic),
            "b.yaml:2:3: error: unknown key \"handlr\" (did you mean \"handler\"?)\n"
            "      handlr: x\n"
            "      ^\n"
            "help: one\n"
            "help: two\n");
}

TEST(Diagnostic, ASummaryIsTheFirstErrorAndACount) {
  Diagnostics diagnostics("b.yaml", "a: b\nc: d\n");
  diagnostics.warning({"b.yaml", 1, 1}, "odd");
  EXPECT_EQ(diagnostics.summary(), "");
  diagnostics.add(at(2, 1, "wrong\nindeed"));
  EXPECT_EQ(diagnostics.summary(), "b.yaml:2: wrong\\u{0a}indeed");
  diagnostics.add(at(0, 0, "not there"));
  EXPECT_EQ(diagnostics.summary(), "b.yaml: not there (and 1 more error)");
  diagnostics.add(at(2, 3));
  EXPECT_EQ(diagnostics.summary(), "b.yaml: not there (and 2 more errors)");
}

TEST(Diagnostic, WithoutALineOnlyTheFileIsNamed) {
  EXPECT_EQ(render("a: b\n", at(0, 0)), "b.yaml: error: wrong\n");
}

TEST(Diagnostic, ALineOfAnotherFileOrBeyondTheEndIsNotShown) {
  EXPECT_EQ(render("a: b\n", at(7, 1)), "b.yaml:7:1: error: wrong\n");
  Diagnostic other = at(1, 1);
  other.position.file = "c.yaml";
  EXPECT_EQ(render("a: b\n", other), "c.yaml:1:1: error: wrong\n");
}

TEST(Diagnostic, TheCaretStandsUnderTheColumnInSpiteOfTabsAndWideBytes) {
  EXPECT_EQ(render("\ta: b", at(1, 5)), "b.yaml:1:5: error: wrong\n     a: b\n        ^\n");
  EXPECT_EQ(render("\xC3\xBC\xC3\xBC: b\r\n", at(1, 7)),
            "b.yaml:1:7: error: wrong\n    \xC3\xBC\xC3\xBC: b\n        ^\n");
  EXPECT_EQ(render("a", at(1, 99)), "b.yaml:1:99: error: wrong\n    a\n     ^\n");
}

TEST(Diagnostic, ALongLineIsShortenedAroundTheCaret) {
  const std::string line = std::string(300, 'a') + "X" + std::string(300, 'b');
  EXPECT_EQ(render(line, at(1, 301)), "b.yaml:1:301: error: wrong\n    ..." + std::string(50, 'a') +
                                          "X" + std::string(49, 'b') + "...\n    " +
                                          std::string(53, ' ') + "^\n");
  EXPECT_EQ(render(line, at(1, 1)),
            "b.yaml:1:1: error: wrong\n    " + std::string(100, 'a') + "...\n    ^\n");
}

TEST(Diagnostic, NothingReachesTheTerminalRaw) {
  const std::string evil = "a: \x1b[31m\xFF\xE2\x80\xAE";
  Diagnostic diagnostic = at(1, 4, "bad \x07 value");
  diagnostic.suggestion = "x\ny";
  EXPECT_EQ(render(evil, diagnostic),
            "b.yaml:1:4: error: bad \\u{07} value (did you mean \"x\\u{0a}y\"?)\n"
            "    a: \\u{1b}[31m\\xff\\u{202e}\n"
            "       ^\n");
}

TEST(Diagnostic, ColoursOnlyWhereAsked) {
  const Diagnostics diagnostics("b.yaml", "a: b\n");
  EXPECT_EQ(diagnostics.render(at(1, 1), kNever).find('\x1b'), std::string::npos);
  EXPECT_EQ(diagnostics.render(at(1, 1), kAlways),
            "\x1b[1mb.yaml:1:1:\x1b[0m \x1b[1;31merror:\x1b[0m wrong\n"
            "    a: b\n"
            "    \x1b[1;32m^\x1b[0m\n");
}

TEST(Diagnostic, FieldsAreReadyForJson) {
  const Diagnostic diagnostic{{"b.yaml", 2, 3}, "w\x01", "s", "h", Severity::kWarning};
  const auto fields = diagnostic.fields();
  const std::pair<std::string_view, std::string_view> expected[] = {
      {"severity", "warning"}, {"file", "b.yaml"},  {"line", "2"}, {"column", "3"},
      {"message", "w\\u{01}"}, {"suggestion", "s"}, {"help", "h"}};
  ASSERT_EQ(fields.size(), std::size(expected));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    EXPECT_EQ(fields[i].first, expected[i].first);
    EXPECT_EQ(fields[i].second, expected[i].second);
  }
  EXPECT_EQ(at(0, 0).fields()[2].second, "");
}

TEST(Diagnostics, AreShownInTheOrderOfTheFile) {
  Diagnostics diagnostics("b.yaml", "a\nb\n");
  diagnostics.add(at(2, 1, "third"));
  diagnostics.add(at(1, 2, "first"));
  diagnostics.add(at(1, 2, "second"));
  ASSERT_EQ(diagnostics.all().size(), 3U);
  EXPECT_EQ(diagnostics.all()[0].what, "first");
  EXPECT_EQ(diagnostics.all()[1].what, "second");
  EXPECT_EQ(diagnostics.all()[2].what, "third");
}

TEST(Diagnostics, WhatIsBeyondTheCapIsCounted) {
  Diagnostics diagnostics("b.yaml", "");
  for (std::size_t i = 0; i < base::limits::kConfigErrors + 3; ++i) diagnostics.error({}, "wrong");
  diagnostics.warning({}, "odd");
  EXPECT_EQ(diagnostics.errors(), base::limits::kConfigErrors + 3);
  EXPECT_EQ(diagnostics.warnings(), 1U);
  EXPECT_EQ(diagnostics.all().size(), base::limits::kConfigErrors + 1);
  EXPECT_TRUE(diagnostics.render().ends_with("and 3 more errors\n"));
}

TEST(Printable, EscapesWhatMovesHidesOrIsNotUtf8) {
  const struct {
    std::string_view text;
    std::string_view shown;
  } rows[] = {
      {"plain \xC3\xBC \xE2\x82\xAC \xF0\x9F\x99\x82",
       "plain \xC3\xBC \xE2\x82\xAC \xF0\x9F\x99\x82"},
      {std::string_view("\0", 1), "\\u{00}"},
      {"\t\n\r\x7f", "\\u{09}\\u{0a}\\u{0d}\\u{7f}"},
      {"\xC2\x9B", "\\u{9b}"},
      {"\xE2\x80\x8B\xEF\xBB\xBF", "\\u{200b}\\u{feff}"},
      {"\xC0\x80", "\\xc0\\x80"},                    // overlong
      {"\xED\xA0\x80", "\\xed\\xa0\\x80"},           // a surrogate
      {"\xF4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // beyond U+10FFFF
      {"\xE2\x82", "\\xe2\\x82"},                    // cut off
      {"\xF5", "\\xf5"},
  };
  for (const auto& row : rows) EXPECT_EQ(printable(row.text), row.shown);
}

TEST(Printable, QuotesAreShortAndKeepCharactersWhole) {
  EXPECT_EQ(quote("a"), "\"a\"");
  EXPECT_EQ(quote(std::string(60, 'a')), "\"" + std::string(60, 'a') + "\"");
  EXPECT_EQ(quote(std::string(61, 'a')), "\"" + std::string(60, 'a') + "...\"");
  EXPECT_EQ(quote(std::string(59, 'a') + "\xE2\x82\xAC"), "\"" + std::string(59, 'a') + "...\"");
}

}  // namespace
}  // namespace berth::config
