#include "http/target.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "http/clean_path.h"
#include "http/percent_encoding.h"
#include "http/query_parameters.h"

namespace berth::http {
namespace {

using namespace std::string_literals;

// "form authority path ?query", "-" for what is empty and no query part where there was no "?".
std::string target_text(std::string_view method, std::string_view target) {
  const auto parsed = parse_target(method, target);
  if (!parsed.ok()) return std::string(text_of(parsed.error()));
  static constexpr std::string_view kForms[] = {"origin", "absolute", "authority", "asterisk"};
  std::string text(kForms[static_cast<std::size_t>(parsed->form)]);
  const auto add = [&text](std::string_view part) {
    text.append(" ").append(part.empty() ? "-" : part);
  };
  add(parsed->authority);
  add(parsed->path);
  if (parsed->has_query) text.append(" ?").append(parsed->query);
  return text;
}

TEST(Target, IsOneOfTheFourFormsOfRfc9112) {
  struct Row {
    std::string_view method;
    std::string target;
    std::string_view expected;
  };
  const std::string_view bad = "invalid request target";
  const Row rows[] = {
      {"GET", "/", "origin - /"},
      {"GET", "/a/b%20c?d=e&f", "origin - /a/b%20c ?d=e&f"},
      {"GET", "/a?", "origin - /a ?"},
      {"GET", "/a?b?c", "origin - /a ?b?c"},
      {"GET", "//h/p", "origin - //h/p"},
      {"GET", "/a|b^{}\"<>\\`[]", "origin - /a|b^{}\"<>\\`[]"},
      {"GET", "/%00%2f%2F", "origin - /%00%2f%2F"},
      {"GET", "/a?%zz%", "origin - /a ?%zz%"},
      {"GET", "http://h/p?q", "absolute h /p ?q"},
      {"GET", "HTTPS://h:443/", "absolute h:443 /"},
      {"GET", "http://h", "absolute h /"},
      {"GET", "http://h?q", "absolute h / ?q"},
      {"GET", "http://[::1]:80/x", "absolute [::1]:80 /x"},
      {"OPTIONS", "http://h", "absolute h /"},
      {"CONNECT", "h:443", "authority h:443 -"},
      {"CONNECT", "[::1]:443", "authority [::1]:443 -"},
      {"OPTIONS", "*", "asterisk - *"},
      {"OPTIONS", "/", "origin - /"},
      {"GET", "", bad},
      {"GET", "*", bad},
      {"GET", "**", bad},
      {"OPTIONS", "*x", bad},
      {"GET", "a", bad},
      {"GET", "h:80", bad},
      {"GET", "/a#f", bad},
      {"GET", "/a?b#f", bad},
      {"GET", "/a b", bad},
      {"GET", "/a?b c", bad},
      {"GET", "/\xc3\xa9", bad},
      {"GET", "/?\xff", bad},
      {"GET", "/a"s + '\0', bad},
      {"GET", "/\x7f", bad},
      {"GET", "/%", bad},
      {"GET", "/%4", bad},
      {"GET", "/%4g", bad},
      {"GET", "/a%2", bad},
      {"GET", "/%%41", bad},
      {"GET", "ftp://h/", bad},
      {"GET", "http:/h/", bad},
      {"GET", "http://", bad},
      {"GET", "http:///p", bad},
      {"GET", "http://u@h/", bad},
      {"GET", "http://h:x/", bad},
      {"GET", "http://h#f", bad},
      {"GET", "http://h\\@i/", bad},
      {"CONNECT", "h", bad},
      {"CONNECT", "h:", bad},
      {"CONNECT", "[::1]", bad},
      {"CONNECT", "/p", bad},
      {"CONNECT", "*", bad},
      {"CONNECT", "http://h:1/", bad},
      {"connect", "h:443", bad},
      {"options", "*", bad},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(target_text(row.method, row.target), row.expected) << row.method << ' ' << row.target;
  }
}

TEST(PercentDecode, IsStrictAndDecodesOnce) {
  struct Row {
    std::string_view text;
    std::string decoded;
  };
  const Row rows[] = {
      {"", ""},       {"plain", "plain"},   {"%41%62", "Ab"}, {"a%2Fb%2fc", "a/b/c"},
      {"%00", "\0"s}, {"%25%34%31", "%41"}, {"a+b", "a+b"},   {"%C3%a9", "\xc3\xa9"}};
  for (const Row& row : rows) {
    std::string out = "before ";
    EXPECT_TRUE(percent_decode(row.text, out)) << row.text;
    EXPECT_EQ(out, "before " + row.decoded);
  }
  for (const std::string_view text : {"%", "%4", "a%4", "%4x", "%x4", "%41%", "% 41", "%%41"}) {
    std::string out = "before";
    EXPECT_FALSE(percent_decode(text, out)) << text;
    EXPECT_EQ(out, "before");
    EXPECT_FALSE(has_valid_escapes(text));
  }
}

TEST(PercentEncode, EscapesAllButUnreservedAndWhatIsGiven) {
  std::string out;
  percent_encode("aZ09-._~/ %\xc3\n", "/", out);
  EXPECT_EQ(out, "aZ09-._~/%20%25%C3%0A");
}

// "a=1 b=" and " !" with the fault.
std::string query_text(std::string_view query, std::size_t max_parameters = 1000) {
  QueryParameters parameters(max_parameters);
  const auto status = parameters.parse(query);
  std::string text;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    text.append(parameters.at(i).name).append("=").append(parameters.at(i).value).append(" ");
  }
  if (!status.ok()) text += status.error() == QueryError::kBadEscape ? "!escape" : "!many";
  return text;
}

TEST(QueryParameters, AreDecodedInOrder) {
  EXPECT_EQ(query_text(""), "");
  EXPECT_EQ(query_text("a=1&b=2&a=3"), "a=1 b=2 a=3 ");
  EXPECT_EQ(query_text("a&b=&=c&&=&"), "a= b= =c = ");
  EXPECT_EQ(query_text("a=b=c"), "a=b=c ");
  EXPECT_EQ(query_text("a+b=c+%2B%20d"), "a b=c + d ");
  EXPECT_EQ(query_text("a;b=c;d"), "a;b=c;d ");
  EXPECT_EQ(query_text("%26=%3D"), "&== ");
}

TEST(QueryParameters, ReportTheFirstFaultAndKeepTheRest) {
  EXPECT_EQ(query_text("a=%&b=2"), "b=2 !escape");
  EXPECT_EQ(query_text("a=1&%zz=2&c=3"), "a=1 c=3 !escape");
  EXPECT_EQ(query_text("a=1+%4"), "!escape");
  EXPECT_EQ(query_text("a&b&c", 2), "a= b= !many");
  EXPECT_EQ(query_text("a&b&", 2), "a= b= ");
  EXPECT_EQ(query_text("%&b&c", 1), "b= !escape");
}

TEST(QueryParameters, AreFoundByNameAndParsedAnew) {
  QueryParameters parameters;
  EXPECT_TRUE(parameters.parse("a=1&A=2&a=3").ok());
  EXPECT_EQ(parameters.find("a"), "1");
  EXPECT_EQ(parameters.find("A"), "2");
  EXPECT_EQ(parameters.find("b"), std::nullopt);
  EXPECT_TRUE(parameters.parse("b=4").ok());
  EXPECT_EQ(parameters.size(), 1U);
  EXPECT_EQ(parameters.find("a"), std::nullopt);
}

TEST(CleanPath, IsGoCleanPath) {
  struct Row {
    std::string_view path;
    std::string_view clean;
  };
  const Row rows[] = {
      {"", "/"},
      {"/", "/"},
      {"a", "/a"},
      {"//", "/"},
      {"/a", "/a"},
      {"/a/", "/a/"},
      {"/a//b///c", "/a/b/c"},
      {"//a", "/a"},
      {"/.", "/"},
      {"/..", "/"},
      {"/../..", "/"},
      {"/a/.", "/a"},
      {"/a/./", "/a/"},
      {"/a/..", "/"},
      {"/a/../", "/"},
      {"/a/../b", "/b"},
      {"/a/b/../../c/", "/c/"},
      {"/../a", "/a"},
      {"/a/b/..", "/a"},
      {"/...", "/..."},
      {"/.a", "/.a"},
      {"/a.", "/a."},
      {"/..a/b..", "/..a/b.."},
      {"/%2e%2e/a", "/%2e%2e/a"},
      {"..", "/"},
      {".", "/"},
  };
  for (const Row& row : rows) {
    std::string out = "/before";
    clean_path(row.path, out);
    EXPECT_EQ(out, "/before" + std::string(row.clean)) << row.path;
    EXPECT_EQ(needs_cleaning(row.path), row.path != row.clean) << row.path;
    EXPECT_FALSE(needs_cleaning(row.clean)) << row.clean;
  }
}

}  // namespace
}  // namespace berth::http
