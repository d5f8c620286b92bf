#include "observe/log_text.h"

#include <Poco/JSON/Parser.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <vector>

namespace berth::observe {
namespace {

using namespace std::chrono_literals;

const WallTime kTime = std::chrono::sys_days{2026y / 1 / 2} + 3h + 4min + 5s + 678ms;

std::string text(std::string_view message, const std::vector<Field>& fields = {},
                 Level level = Level::kInfo) {
  LineBuffer line;
  format_text(line, {kTime, level, message, fields});
  return std::string(line.text());
}

std::string json(std::string_view message, const std::vector<Field>& fields = {}) {
  LineBuffer line;
  format_json(line, {kTime, Level::kWarn, message, fields});
  return std::string(line.text());
}

TEST(LogText, TimeLevelMessageThenFields) {
  EXPECT_EQ(text("listening", {{"address", "[::]:8080"}, {"name", "public"}}),
            "2026-01-02T03:04:05.678Z info listening address=[::]:8080 name=public\n");
  EXPECT_EQ(text("two words", {}, Level::kError), "2026-01-02T03:04:05.678Z error two words\n");
}

TEST(LogText, EachKindOfValue) {
  EXPECT_EQ(text("m", {{"signed", -5},
                       {"unsigned", std::uint64_t{18446744073709551615U}},
                       {"real", 0.25},
                       {"yes", true},
                       {"took_seconds", 1500us},
                       {"empty", ""},
                       {"spaced", "a b"},
                       {"quoted", "a\"b"},
                       {"lines", "a\nb"}}),
            "2026-01-02T03:04:05.678Z info m signed=-5 unsigned=18446744073709551615 real=0.25 "
            "yes=true took_seconds=0.0015 empty=\"\" spaced=\"a b\" quoted=\"a\\x22b\" "
            "lines=\"a\\x0Ab\"\n");
}

TEST(LogText, AMessageCannotForgeAFieldOrALine) {
  EXPECT_EQ(text("x level=error"), "2026-01-02T03:04:05.678Z info \"x level=error\"\n");
  EXPECT_EQ(text("x\n2026-01-02"), "2026-01-02T03:04:05.678Z info x\\x0A2026-01-02\n");
  EXPECT_EQ(text(""), "2026-01-02T03:04:05.678Z info \"\"\n");
}

TEST(LogText, KeysAreMadeHarmless) {
  EXPECT_EQ(text("m", {{"a b=c", 1}, {"", 2}, {"level", 3}}),
            "2026-01-02T03:04:05.678Z info m a_b_c=1 _=2 _level=3\n");
}

TEST(LogText, ALongValueIsCut) {
  const std::string value(5000, 'v');
  EXPECT_EQ(text("m", {{"key", std::string_view(value)}, {"next", 1}}),
            "2026-01-02T03:04:05.678Z info m key=" + value.substr(0, 1021) + "... next=1\n");
}

TEST(LogText, FieldsThatDoNotFitAreLeftOutAndToldOf) {
  const std::string value(1000, 'v');
  const std::vector<Field> fields(20, Field("key", std::string_view(value)));
  const std::string line = text("m", fields);
  EXPECT_LE(line.size(), LineBuffer::kCapacity);
  EXPECT_TRUE(line.ends_with("v cut=true\n")) << line.substr(line.size() - 30);
  EXPECT_GT(line.size(), 7 * value.size());
}

TEST(LogJson, IsOneObject) {
  EXPECT_EQ(json("listening", {{"address", "[::]:8080"}, {"port", 8080}, {"tls", false}}),
            "{\"time\":\"2026-01-02T03:04:05.678Z\",\"level\":\"warn\",\"message\":\"listening\","
            "\"address\":\"[::]:8080\",\"port\":8080,\"tls\":false}\n");
}

TEST(LogJson, WhatJsonCannotSayIsNullAndOurKeysComeOnce) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(json("m", {{"a", infinity}, {"b", -infinity}, {"c", infinity - infinity}, {"time", 1}}),
            "{\"time\":\"2026-01-02T03:04:05.678Z\",\"level\":\"warn\",\"message\":\"m\","
            "\"a\":null,\"b\":null,\"c\":null,\"_time\":1}\n");
}

TEST(LogJson, StaysAnObjectWhenItIsCut) {
  const std::string hostile(5000, '\x01');
  const std::vector<Field> fields(20, Field("key", std::string_view(hostile)));
  const std::string line = json(hostile, fields);
  EXPECT_LE(line.size(), LineBuffer::kCapacity);
  EXPECT_TRUE(line.ends_with(",\"cut\":true}\n"));
  EXPECT_NO_THROW(Poco::JSON::Parser().parse(line));
}

}  // namespace
}  // namespace berth::observe
