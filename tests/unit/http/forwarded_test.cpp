#include "http/forwarded.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace berth::http {
namespace {

using Quotes = ElementsFromTheEnd::Quotes;

std::string from_the_end(const std::vector<Field>& fields, std::string_view name, Quotes quotes) {
  std::string all;
  for (ElementsFromTheEnd list(fields, name, quotes); list.next();) {
    all += "<" + std::string(list.element()) + ">";
  }
  return all;
}

TEST(ElementsFromTheEnd, AreThoseOfAllLinesOfThatNameTheLastFirst) {
  const std::vector<Field> fields{{"X-Forwarded-For", "a, b"},        {"Other", "no"},
                                  {"x-forwarded-for", " \tc\t,,d ,"}, {"X-Forwarded-For", ""},
                                  {"X-Forwarded-Fo", "no"},           {"X-FORWARDED-FOR", "e"}};
  EXPECT_EQ(from_the_end(fields, "x-forwarded-for", Quotes::kNone), "<e><d><c><b><a>");
  EXPECT_EQ(from_the_end(fields, "x-forwarded-proto", Quotes::kNone), "");
  EXPECT_EQ(from_the_end({}, "forwarded", Quotes::kHide), "");
}

TEST(ElementsFromTheEnd, QuotesHideCommasAndNothingBeforeAnElementChangesIt) {
  struct Row {
    std::string_view value;
    std::string_view hidden;  // with Quotes::kHide
    std::string_view bare;    // with Quotes::kNone
  };
  constexpr auto rows = std::to_array<Row>({
      {R"(a="1,2",b)", R"(<b><a="1,2">)", R"(<b><2"><a="1>)"},
      {R"(a="1\",2",b)", R"(<b><a="1\",2">)", R"(<b><2"><a="1\">)"},
      {R"(a="1\\",b)", R"(<b><a="1\\">)", R"(<b><a="1\\">)"},
      {R"(a="1\\\",2",b)", R"(<b><a="1\\\",2">)", R"(<b><2"><a="1\\\">)"},
      {R"(open=",for=x)", R"(<for=x><open=">)", R"(<for=x><open=">)"},
      {R"(open="\,for=x)", R"(<for=x><open="\>)", R"(<for=x><open="\>)"},
      {R"(open=",for="x,y")", R"(<for="x,y"><open=">)", R"(<y"><for="x><open=">)"},
      {R"(\",for="[::1]:1")", R"(<for="[::1]:1"><\">)", R"(<for="[::1]:1"><\">)"},
      {R"(a"b,c"d)", R"(<a"b,c"d>)", R"(<c"d><a"b>)"},
      {",, ,", "", ""},
  });
  for (const Row& row : rows) {
    EXPECT_EQ(from_the_end({{"Forwarded", row.value}}, "forwarded", Quotes::kHide), row.hidden);
    EXPECT_EQ(from_the_end({{"Forwarded", row.value}}, "forwarded", Quotes::kNone), row.bare);
  }
}

// "HOST PORT", "nobody" or "malformed".
std::string shown(const std::optional<ForwardedNode>& node) {
  if (!node) return "malformed";
  if (node->host.empty()) return "nobody";
  return std::string(node->host) + " " + std::to_string(node->port);
}

TEST(ForwardedNode, IsAnAddressWithAPortOrNobody) {
  struct Row {
    std::string_view text;
    std::string_view node;  // in Forwarded, RFC 7239 s6
    std::string_view item;  // in X-Forwarded-For
  };
  constexpr auto rows = std::to_array<Row>({
      {"192.0.2.43", "192.0.2.43 0", "192.0.2.43 0"},
      {"192.0.2.43:47011", "192.0.2.43 47011", "192.0.2.43 47011"},
      {"192.0.2.43:00080", "192.0.2.43 80", "192.0.2.43 80"},
      {"192.0.2.43:_port", "192.0.2.43 0", "192.0.2.43 0"},
      {"[2001:db8:cafe::17]", "2001:db8:cafe::17 0", "2001:db8:cafe::17 0"},
      {"[2001:db8:cafe::17]:4711", "2001:db8:cafe::17 4711", "2001:db8:cafe::17 4711"},
      {"[2001:db8:cafe::17]:_p.o-r_t1", "2001:db8:cafe::17 0", "2001:db8:cafe::17 0"},
      {"2001:db8::1", "malformed", "2001:db8::1 0"},
      {"::1", "malformed", "::1 0"},
      {"unknown", "nobody", "nobody"},
      {"UnKnown:80", "nobody", "nobody"},
      {"_hidden", "nobody", "nobody"},
      {"_SEVKISEK", "nobody", "nobody"},
      {"_a.b-c_:_d", "nobody", "nobody"},
      {"_", "_ 0", "_ 0"},  // no obfuscated name; nor is it an address
      {"_a b", "_a b 0", "_a b 0"},
      {"", "malformed", "malformed"},
      {":80", "malformed", "malformed"},
      {"192.0.2.43:", "malformed", "malformed"},
      {"192.0.2.43:65536", "malformed", "malformed"},
      {"192.0.2.43:000080", "malformed", "malformed"},
      {"192.0.2.43:8o", "malformed", "malformed"},
      {"192.0.2.43:-1", "malformed", "malformed"},
      {"192.0.2.43:_", "malformed", "malformed"},
      {"[::1", "malformed", "malformed"},
      {"[::1]80", "malformed", "malformed"},
      {"[::1]:", "malformed", "malformed"},
      {"[192.0.2.43]", "malformed", "malformed"},
      {"[]", "malformed", "malformed"},
  });
  for (const Row& row : rows) {
    EXPECT_EQ(shown(parse_forwarded_node(row.text)), row.node) << row.text;
    EXPECT_EQ(shown(parse_x_forwarded_for(row.text)), row.item) << row.text;
  }
}

std::string shown(std::string_view text) {
  std::array<char, kForwardedScratch> scratch{};
  const auto element = parse_forwarded_element(text, scratch);
  if (!element) return "malformed";
  return std::string(element->forwarded_for.value_or("-")) + " " +
         std::string(element->proto.value_or("-"));
}

TEST(ForwardedElement, IsReadAsRfc7239Says) {
  struct Row {
    std::string_view text;
    std::string_view element;
  };
  constexpr auto rows = std::to_array<Row>({
      {"for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60 http"},
      {R"(For="[2001:db8:cafe::17]:4711")", "[2001:db8:cafe::17]:4711 -"},
      {R"(for="_gazonk")", "_gazonk -"},
      {"for=unknown", "unknown -"},
      {R"(PROTO="https";FOR=192.0.2.1;host="a,b;c=d";ext=1)", "192.0.2.1 https"},
      {R"(for="\1\92.0.2.1";proto="ht\tps")", "192.0.2.1 https"},
      {R"(for="a\"b")", "a\"b -"},
      {R"(for="")", " -"},
      {"proto=https", "- https"},
      {"by=_x", "- -"},
      {";;for=a;;", "a -"},
      {"for=a ; proto=b", "a b"},
      {"", "- -"},
      {"for", "malformed"},
      {"for=", "malformed"},
      {"=a", "malformed"},
      {"for =a", "malformed"},
      {"for= a", "malformed"},
      {"for=a b", "malformed"},
      {"for=a,b", "malformed"},
      {"for=192.0.2.1:80", "malformed"},  // RFC 7239 s4: a colon has to be quoted
      {"for=[::1]", "malformed"},
      {R"(for="a)", "malformed"},
      {R"(for="a\)", "malformed"},
      {R"(for="a\")", "malformed"},
      {R"(for="a"b)", "malformed"},
      {R"(for=a"b")", "malformed"},
      {"for=a;for=b", "malformed"},
      {"for=a;FOR=a", "malformed"},
      {"proto=a;proto=b", "malformed"},
      {"by=a;for=b;by=c", "malformed"},
      {"host=a;host=a", "malformed"},
      {"a b=c", "malformed"},
  });
  for (const Row& row : rows) EXPECT_EQ(shown(row.text), row.element) << row.text;
}

TEST(ForwardedElement, OfEscapesFitsItsScratchOrIsMalformed) {
  const std::string most(kForwardedScratch - 1, 'x');
  EXPECT_EQ(shown("for=\"\\y" + most + "\""), "y" + most + " -");
  EXPECT_EQ(shown("for=\"\\y" + most + "z\""), "malformed");
  EXPECT_EQ(shown("for=\"y" + most + most + "\""), "y" + most + most + " -") << "without any";
  EXPECT_EQ(shown(R"(for="\a";proto="\b")"), "a b");
}

}  // namespace
}  // namespace berth::http
