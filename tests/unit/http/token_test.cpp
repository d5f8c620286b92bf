#include "http/token.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace berth::http {
namespace {

using namespace std::string_view_literals;

TEST(Token, HasEveryTcharAndNothingElse) {
  const std::string_view allowed =
      "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(is_token({&c, 1}), allowed.find(c) != std::string_view::npos) << byte;
  }
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
}

TEST(FieldValue, RefusesControlsButTabAndAllowsObsText) {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool control = (byte < 0x20 && byte != '\t') || byte == 0x7f;
    EXPECT_EQ(is_field_value({&c, 1}), !control) << byte;
  }
  EXPECT_TRUE(is_field_value(""));
}

TEST(EqualIgnoringCase, FoldsAsciiLettersOnly) {
  EXPECT_TRUE(equal_ignoring_case("Content-Length", "cONTENT-lENGTH"));
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));  // bit 5 apart, no letters
  EXPECT_FALSE(equal_ignoring_case("[", "{"));
  EXPECT_FALSE(equal_ignoring_case("\xc4", "\xe4"));
}

TEST(IsName, AgreesWithEqualIgnoringCaseForTokens) {
  const std::vector<std::string> names = {"Host",
                                          "hOsT",
                                          "h_st",
                                          "Hos~",
                                          "te",
                                          "TE",
                                          "T%",
                                          "Range",
                                          "Connection",
                                          "connectio.",
                                          "Expec",
                                          "EXPECT",
                                          "Content-Length",
                                          "Content_Length",
                                          "Transfer-Encoding",
                                          "Transfer-Encodinf"};
  for (const std::string_view known : {"host"sv, "te"sv, "range"sv, "expect"sv, "connection"sv,
                                       "content-length"sv, "transfer-encoding"sv}) {
    for (const std::string& name : names) {
      EXPECT_EQ(is_name(name, known), equal_ignoring_case(name, known)) << name << ' ' << known;
    }
  }
}

TEST(Trim, TakesBlanksAtTheEndsOnly) {
  EXPECT_EQ(trim_ows(" \ta b\t "), "a b");
  EXPECT_EQ(trim_ows(" \t"), "");
  EXPECT_EQ(trim_ows("\r a"), "\r a");
}

TEST(Host, FollowsUriHostAndPort) {
  struct Row {
    std::string_view text;
    bool valid;
  };
  const Row rows[] = {
      {"localhost", true},
      {"localhost:8080", true},
      {"example.com:", true},
      {"EXAMPLE.com.", true},
      {"127.0.0.1:1", true},
      {"a_b~c!$&'()*+,;=", true},
      {"caf%C3%A9", true},
      {"[::1]", true},
      {"[::1]:443", true},
      {"[1:2:3:4:5:6:7:8]", true},
      {"[1::8]", true},
      {"[::ffff:192.0.2.1]", true},
      {"[1:2:3:4:5:6:192.0.2.1]", true},
      {"[::]", true},
      {"h:65535", true},
      {"", false},
      {":80", false},
      {"h:65536", false},
      {"h:000080", false},
      {"h:8o", false},
      {"h:1:2", false},
      {"user@h", false},
      {"h/p", false},
      {"h\\p", false},
      {"a b", false},
      {"caf\xc3\xa9", false},
      {"a%4", false},
      {"a%zz", false},
      {"a%", false},
      {"::1", false},
      {"[::1", false},
      {"[::1]x", false},
      {"[]", false},
      {"[:]", false},
      {"[:::]", false},
      {"[1]", false},
      {"[1:2:3:4:5:6:7]", false},
      {"[1:2:3:4:5:6:7:8:9]", false},
      {"[1:2:3:4::5:6:7:8]", false},
      {"[1::2::3]", false},
      {"[1:2:3:4:5:6:7:]", false},
      {"[12345::]", false},
      {"[g::]", false},
      {"[::256.0.0.1]", false},
      {"[::1.2.3]", false},
      {"[::1.2.3.4.5]", false},
      {"[::01.2.3.4]", false},
      {"[fe80::1%25eth0]", false},
      {"[v1.a]", false},
      {"<script>", false},
  };
  for (const Row& row : rows) EXPECT_EQ(is_host(row.text), row.valid) << row.text;
}

std::vector<std::string> elements(std::string_view value) {
  std::vector<std::string> found;
  for (ListElements list(value); list.next();) found.emplace_back(list.element());
  return found;
}

TEST(ListElements, SkipsEmptyOnesAndKeepsQuotedCommas) {
  using List = std::vector<std::string>;
  EXPECT_EQ(elements("close"), (List{"close"}));
  EXPECT_EQ(elements(" a ,\tb,c "), (List{"a", "b", "c"}));
  EXPECT_EQ(elements(", ,a,,"), (List{"a"}));
  EXPECT_EQ(elements(""), List{});
  EXPECT_EQ(elements(" , "), List{});
  EXPECT_EQ(elements(R"(a="1,2", b)"), (List{R"(a="1,2")", "b"}));
  EXPECT_EQ(elements(R"("a\",b",c)"), (List{R"("a\",b")", "c"}));
  EXPECT_EQ(elements(R"("open, c)"), (List{R"("open, c)"}));
  EXPECT_EQ(elements("\"\\"), (List{"\"\\"}));
}

TEST(ListContains, IgnoresCaseAndWantsWholeElements) {
  EXPECT_TRUE(list_contains("keep-alive, Upgrade", "upgrade"));
  EXPECT_FALSE(list_contains("closed", "close"));
  EXPECT_FALSE(list_contains("", "close"));
}

}  // namespace
}  // namespace berth::http
