#include "mux/pattern.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/limits.h"

namespace berth::mux {
namespace {

// "GET example.com [a][{b}][...]": a literal in plain brackets, {name}, {name...}, "..." for a
// trailing slash, $ for {$}.
std::string dump(const Pattern& pattern) {
  std::string out = pattern.method() + "|" + pattern.host() + "|";
  for (const Segment& segment : pattern.segments()) {
    switch (segment.kind) {
      case Segment::Kind::kLiteral:
        out += '[' + segment.text + ']';
        break;
      case Segment::Kind::kWildcard:
        out += '{' + segment.text + '}';
        break;
      case Segment::Kind::kRest:
        out += segment.text + "...";
        break;
      case Segment::Kind::kEnd:
        out += '$';
        break;
    }
  }
  return out;
}

TEST(Pattern, IsTakenApart) {
  struct Row {
    const char* text;
    const char* parts;
  };
  const Row rows[] = {
      {"/", "||..."},
      {"/{$}", "||$"},
      {"/a", "||[a]"},
      {"/a/", "||[a]..."},
      {"/a/{$}", "||[a]$"},
      {"/{x}", "||{x}"},
      {"/{x}/", "||{x}..."},
      {"/{x...}", "||x..."},
      {"/a/{x}/b/{rest...}", "||[a]{x}[b]rest..."},
      {"GET /", "GET||..."},
      {"GET \t /a", "GET||[a]"},
      {"CONNECT /a", "CONNECT||[a]"},
      {"PURGE /a", "PURGE||[a]"},
      {"x!#$%&'*+-.^_`|~9 /a", "x!#$%&'*+-.^_`|~9||[a]"},
      {"example.com/", "|example.com|..."},
      {"Example.COM/A", "|example.com|[A]"},
      {"POST a-b_c~d.example/x", "POST|a-b_c~d.example|[x]"},
      {"[::1]/x", "|[::1]|[x]"},
      {"[2001:DB8::1]/x", "|[2001:db8::1]|[x]"},
      {"127.0.0.1/x", "|127.0.0.1|[x]"},
      {"/a%2Fb", "||[a/b]"},
      {"/a%2fb/c", "||[a/b][c]"},
      {"/%7Bx%7D", "||[{x}]"},
      {"/%25", "||[%]"},
      {"/a%20b", "||[a b]"},
      {"/%E2%82%AC", "||[\xE2\x82\xAC]"},
      {"/\xE2\x82\xAC", "||[\xE2\x82\xAC]"},
      {"/...", "||[...]"},
      {"/.a/..b", "||[.a][..b]"},
      {"/a:b@c;d=e,f!$&'()*+", "||[a:b@c;d=e,f!$&'()*+]"},
      {"/{_}/{a1}/{A_b_2}", "||{_}{a1}{A_b_2}"},
      {"/{get}/{Get}", "||{get}{Get}"},
  };
  for (const Row& row : rows) {
    const auto pattern = Pattern::parse(row.text);
    ASSERT_TRUE(pattern.ok()) << row.text << ": " << pattern.error().text;
    EXPECT_EQ(dump(*pattern), row.parts) << row.text;
    EXPECT_EQ(pattern->text(), row.text);
  }
  EXPECT_EQ(Pattern::parse("/%00")->segments()[0].text, std::string(1, '\0'));
}

TEST(Pattern, ErrorsSayWhatAndWhere) {
  struct Row {
    const char* text;
    std::size_t offset;
    const char* part;  // of the message
  };
  const Row rows[] = {
      {"", 0, "empty"},
      {"GET", 3, "no \"/\""},
      {"GET ", 4, "no \"/\""},
      {"GET example.com", 15, "no \"/\""},
      {"example.com", 11, "no \"/\""},
      {" /a", 0, "white space before"},
      {"\tGET /a", 0, "white space before"},
      {"G(T /a", 1, "is no method"},
      {"G\x01T /a", 1, "\"G\\x01T\" is no method"},
      {"get /a", 0, "did you mean \"GET\"?"},
      {"Post /a", 0, "did you mean \"POST\"?"},
      {"{x}", 3, "no \"/\""},
      {"{x}/a", 0, "a host holds no wildcards"},
      {"GET a{x}/b", 5, "a host holds no wildcards"},
      {"*.example.com/", 0, "a host holds no wildcards"},
      {"example.com:80/a", 11, "a host has no port"},
      {"[::1]:80/a", 5, "a host has no port"},
      {"[::1/a", 0, "never closed"},
      {"[::g]/a", 3, "only an IPv6 address"},
      {"[::1]x/a", 5, "nothing may follow"},
      {"e(x ample/a", 1, "no method"},
      {"GET ex\xC3\xA4mple/a", 6, "a host holds letters"},
      {"GET a b/", 5, "a host holds letters"},
      {"http://example.com/", 4, "a host has no port"},
      {"//", 1, "\"//\" can never match"},
      {"/a//b", 3, "\"//\" can never match"},
      {"CONNECT /a//", 11, "\"//\" can never match"},
      {"/.", 1, "can never match"},
      {"/a/../b", 3, "can never match"},
      {"/a/./", 3, "can never match"},
      {"/%2e", 1, "can never match"},
      {"/a/%2E%2e", 3, "can never match"},
      {"/a/.%2e/b", 3, "can never match"},
      {"/a?b", 2, "no query"},
      {"/a#b", 2, "no fragment"},
      {"/a b", 2, "%20"},
      {"/a ", 2, "%20"},
      {"/a\tb", 2, "control character"},
      {"/a\x7f", 2, "control character"},
      {"/a%", 2, "hexadecimal"},
      {"/a%2", 2, "hexadecimal"},
      {"/%41%zz", 4, "hexadecimal"},
      {"/a}", 2, "without a \"{\""},
      {"/a{b}", 2, "whole segment"},
      {"/{a}b", 4, "whole segment"},
      {"/{a}{b}", 4, "whole segment"},
      {"/{a", 1, "never closed"},
      {"/{a/b}", 1, "never closed"},
      {"/{}", 2, "no name"},
      {"/{...}", 2, "no name"},
      {"/{1a}", 2, "is no name"},
      {"/{a-b}", 3, "is no name"},
      {"/{a.b}", 3, "is no name"},
      {"/{ a}", 2, "is no name"},
      {"/{a....}", 3, "is no name"},
      {"/{\xC3\xA4}", 2, "is no name"},
      {"/{$a}", 2, "is no name"},
      {"/{$...}", 2, "is no name"},
      {"/{{a}}", 5, "whole segment"},
      {"/{$}/", 1, "{$} may only stand at the end"},
      {"/a/{$}/b", 3, "{$} may only stand at the end"},
      {"/{r...}/", 1, "{r...} may only stand at the end"},
      {"/{r...}/b", 1, "{r...} may only stand at the end"},
      {"/{a}/{a}", 6, "two wildcards are called \"a\""},
      {"/{a}/b/{a...}", 8, "two wildcards are called \"a\""},
  };
  for (const Row& row : rows) {
    const auto pattern = Pattern::parse(row.text);
    ASSERT_FALSE(pattern.ok()) << row.text;
    EXPECT_EQ(pattern.error().offset, row.offset) << row.text << ": " << pattern.error().text;
    EXPECT_NE(pattern.error().text.find(row.part), std::string::npos)
        << row.text << ": " << pattern.error().text;
  }
}

TEST(Pattern, IsLimited) {
  const std::string longest = "/" + std::string(base::limits::kPattern - 1, 'a');
  EXPECT_TRUE(Pattern::parse(longest).ok());
  EXPECT_FALSE(Pattern::parse(longest + "a").ok());

  std::string deepest;
  for (std::size_t i = 0; i < base::limits::kPatternSegments; ++i) deepest += "/a";
  EXPECT_TRUE(Pattern::parse(deepest).ok());
  const auto deeper = Pattern::parse(deepest + "/");
  ASSERT_FALSE(deeper.ok());
  EXPECT_EQ(deeper.error().offset, deepest.size() + 1);

  EXPECT_TRUE(Pattern::parse(std::string(base::limits::kMethod, 'M') + " /").ok());
  EXPECT_FALSE(Pattern::parse(std::string(base::limits::kMethod + 1, 'M') + " /").ok());
}

TEST(Pattern, NamesAreThoseOfItsWildcardsFromLeftToRight) {
  EXPECT_EQ(Pattern::parse("/{b}/x/{a}/{c...}")->names(),
            (std::vector<std::string_view>{"b", "a", "c"}));
  EXPECT_TRUE(Pattern::parse("/a/")->names().empty());
  EXPECT_TRUE(Pattern::parse("/a/{$}")->names().empty());
}

TEST(Pattern, CanonicalTextParsesToTheSamePattern) {
  struct Row {
    const char* text;
    const char* canonical;
  };
  const Row rows[] = {
      {"GET \t EXAMPLE.com/a%2fb/{x}/", "GET example.com/a%2Fb/{x}/"},
      {"/%61/{r...}", "/a/{r...}"},
      {"/\xE2\x82\xAC/{$}", "/%E2%82%AC/{$}"},
      {"[::AB]/", "[::ab]/"},
      {"/%7Bx%7D%25%3F", "/%7Bx%7D%25%3F"},
  };
  for (const Row& row : rows) {
    const auto pattern = Pattern::parse(row.text);
    ASSERT_TRUE(pattern.ok()) << row.text;
    EXPECT_EQ(to_string(*pattern), row.canonical);
    EXPECT_EQ(*Pattern::parse(to_string(*pattern)), *pattern);
  }
}

TEST(Pattern, EqualityLooksAtNamesButNotAtSpelling) {
  EXPECT_EQ(*Pattern::parse("GET  /a%62"), *Pattern::parse("GET /ab"));
  EXPECT_FALSE(*Pattern::parse("/{a}") == *Pattern::parse("/{b}"));
  EXPECT_FALSE(*Pattern::parse("GET /a") == *Pattern::parse("/a"));
  EXPECT_FALSE(*Pattern::parse("h/a") == *Pattern::parse("/a"));
}

}  // namespace
}  // namespace berth::mux
