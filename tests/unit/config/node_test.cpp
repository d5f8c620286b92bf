#include "config/node.h"

#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth::config {
namespace {

using namespace std::chrono_literals;

Node::Place place() { return {std::make_shared<const std::string>("n.yaml"), 3, 7}; }
Node plain(std::string_view text) { return Node::scalar(place(), std::string(text), false); }
Node quoted(std::string_view text) { return Node::scalar(place(), std::string(text), true); }

Node list(std::initializer_list<Node> items) { return Node::list(place(), items); }

Node map(std::initializer_list<std::pair<std::string_view, Node>> entries) {
  std::vector<Node> keys;
  std::vector<Node> values;
  for (const auto& [key, value] : entries) {
    keys.push_back(plain(key));
    values.push_back(value);
  }
  return Node::map(place(), std::move(keys), std::move(values));
}

template <class T>
std::string refusal(const Value<T>& value) {
  if (value.ok()) return "accepted";
  EXPECT_EQ(value.error().position, (base::SourcePosition{"n.yaml", 3, 7}));
  EXPECT_EQ(value.error().severity, Severity::kError);
  return value.error().what + "; " + value.error().help;
}

TEST(Node, APathFollowsKeysAndIndexes) {
  const Node root = map({{"a", map({{"b", list({plain("x"), map({{"c", plain("y")}})})}})},
                         {"d.e", plain("dotted")}});
  EXPECT_EQ(root.at(""), &root);
  EXPECT_EQ(root.at("a.b.0")->text(), "x");
  EXPECT_EQ(root.at("a.b.1.c")->text(), "y");
  EXPECT_EQ(root.find("d.e")->text(), "dotted");
  for (const std::string_view path : {"b", "a.x", "a.b.2", "a.b.00", "a.b.-1", "a.b.x", "a.b.0.x",
                                      "d.e", ".", "a..b", "a.b.18446744073709551616"}) {
    EXPECT_EQ(root.at(path), nullptr) << path;
  }
}

TEST(Node, MapsKeepTheOrderOfTheFile) {
  const Node root = map({{"z", plain("1")}, {"a", plain("2")}});
  ASSERT_EQ(root.size(), 2U);
  EXPECT_EQ(root.key(0).text(), "z");
  EXPECT_EQ(root.value(1).text(), "2");
  EXPECT_EQ(root.find("m"), nullptr);
}

TEST(Node, AnAbsentNodeIsNull) {
  const Node node;
  EXPECT_TRUE(node.is_null());
  EXPECT_EQ(node.size(), 0U);
  EXPECT_EQ(node.find("a"), nullptr);
  EXPECT_EQ(node.position().line, 0U);
}

TEST(Node, TextIsTakenAsWritten) {
  EXPECT_EQ(*plain("8080").as_string(), "8080");
  EXPECT_EQ(*plain("yes").as_string(), "yes");
  EXPECT_EQ(*quoted("").as_string(), "");
  EXPECT_EQ(refusal(Node::null(place()).as_string()),
            "expected text, got nothing; write a value, or leave the key out");
  EXPECT_EQ(refusal(list({}).as_string()), "expected text, got a list; ");
  EXPECT_EQ(refusal(map({}).as_string()), "expected text, got a map; ");
}

TEST(Node, OnlyPlainTrueAndFalseAreBooleans) {
  EXPECT_TRUE(*plain("true").as_bool());
  EXPECT_FALSE(*plain("false").as_bool());
  for (const std::string_view text : {"yes", "on", "True", "TRUE", "y", "1"}) {
    EXPECT_EQ(refusal(plain(text).as_bool()),
              "expected true or false, got \"" + std::string(text) + "\"; write true");
  }
  for (const std::string_view text : {"no", "off", "False", "N", "0"}) {
    EXPECT_EQ(refusal(plain(text).as_bool()),
              "expected true or false, got \"" + std::string(text) + "\"; write false");
  }
  EXPECT_EQ(refusal(quoted("true").as_bool()),
            "expected true or false, got \"true\"; write true without quotes");
  EXPECT_EQ(refusal(plain("maybe").as_bool()),
            "expected true or false, got \"maybe\"; write true or false");
  EXPECT_NE(refusal(Node::null(place()).as_bool()), "accepted");
}

TEST(Node, NumbersArePlain) {
  EXPECT_EQ(*plain("100").as_int64(), 100);
  EXPECT_EQ(*plain("0.5").as_double(), 0.5);
  EXPECT_EQ(refusal(quoted("100").as_int64()),
            "expected a whole number, got the text \"100\"; leave out the quotes");
  EXPECT_EQ(refusal(quoted("0.5").as_double()),
            "expected a number, got the text \"0.5\"; leave out the quotes");
  EXPECT_EQ(
      refusal(plain("010").as_int64()),
      "\"010\" begins with a zero, which some read as octal; write the number without leading "
      "zeros");
  EXPECT_EQ(refusal(plain("0x10").as_int64()),
            "\"0x10\" is not a whole number; write decimal digits, such as 100");
  EXPECT_EQ(refusal(list({}).as_int64()), "expected a whole number, got a list; ");
}

TEST(Node, DurationsAndSizesMayBeQuoted) {
  EXPECT_EQ(*plain("1m30s").as_duration(), 90s);
  EXPECT_EQ(*quoted("1m30s").as_duration(), 90s);
  EXPECT_EQ(*plain("64KiB").as_bytes(), 65536U);
  EXPECT_EQ(*quoted("64KiB").as_bytes(), 65536U);
  EXPECT_EQ(refusal(plain("10").as_duration()), "\"10\" has no unit; write 10s or 10ms");
  EXPECT_EQ(refusal(map({}).as_bytes()), "expected a size, got a map; ");
}

}  // namespace
}  // namespace berth::config
