#include "config/values.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace berth::config {
namespace {

using namespace std::chrono_literals;

TEST(Values, DurationsThatAreAccepted) {
  const struct {
    std::string_view text;
    base::Duration value;
  } rows[] = {
      {"0s", 0s},     {"500ms", 500ms},         {"10s", 10s},        {"1m30s", 90s},     {"2h", 2h},
      {"90m", 90min}, {"1h1m1s1ms", 3661001ms}, {"1h5ms", 1h + 5ms}, {"87600h", 87600h},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_duration(row.text);
    ASSERT_TRUE(parsed.ok()) << row.text << ": " << parsed.error().what;
    EXPECT_EQ(*parsed, row.value) << row.text;
  }
}

TEST(Values, DurationsThatAreRefusedAndTheWayOut) {
  const struct {
    std::string_view text;
    std::string_view what;
    std::string_view help;
  } rows[] = {
      {"10", "\"10\" has no unit", "write 10s or 10ms"},
      {"0", "\"0\" has no unit", "write 0s or 0ms"},
      {"1m30", "\"1m30\" has no unit", "write 30s or 30ms"},
      {"", "\"\" is not a duration",
       "write whole numbers with h, m, s or ms, such as 1m30s or 500ms"},
      {"s", "\"s\" is not a duration",
       "write whole numbers with h, m, s or ms, such as 1m30s or 500ms"},
      {"-1s", "\"-1s\" is not a duration",
       "write whole numbers with h, m, s or ms, such as 1m30s or 500ms"},
      {"1.5s", "\"1.5s\" is not a duration",
       "write whole numbers with h, m, s or ms, such as 1m30s or 500ms"},
      {"10sec", "\"10sec\" is not a duration: there is no unit \"sec\"",
       "the units are h, m, s and ms, such as 1m30s or 500ms"},
      {"10S", "\"10S\" is not a duration: there is no unit \"S\"",
       "the units are h, m, s and ms, such as 1m30s or 500ms"},
      {"1d", "\"1d\" is not a duration: there is no unit \"d\"",
       "the units are h, m, s and ms, such as 1m30s or 500ms"},
      {"1 s", "\"1 s\" is not a duration: there is no unit \" s\"",
       "the units are h, m, s and ms, such as 1m30s or 500ms"},
      {"30s1m", "\"30s1m\" is not a duration: each unit once, the larger first",
       "write it as 1h30m10s"},
      {"1s1s", "\"1s1s\" is not a duration: each unit once, the larger first",
       "write it as 1h30m10s"},
      {"010s", "\"010s\" begins with a zero, which some read as octal",
       "write the number without leading zeros"},
      {"87601h", "\"87601h\" is too long a duration", "at most 87600h (ten years)"},
      {"87600h1ms", "\"87600h1ms\" is too long a duration", "at most 87600h (ten years)"},
      {"99999999999999999999s", "\"99999999999999999999s\" is too long a duration",
       "at most 87600h (ten years)"},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_duration(row.text);
    ASSERT_FALSE(parsed.ok()) << row.text;
    EXPECT_EQ(parsed.error().what, row.what);
    EXPECT_EQ(parsed.error().help, row.help);
  }
}

TEST(Values, SizesThatAreAccepted) {
  const struct {
    std::string_view text;
    std::uint64_t value;
  } rows[] = {
      {"0B", 0},
      {"500B", 500},
      {"64KiB", 65536},
      {"1MiB", 1048576},
      {"2GiB", 2147483648},
      {"1TiB", 1099511627776},
      {"8388607TiB", 9223370937343148032},
      {"9223372036854775807B", 9223372036854775807},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_bytes(row.text);
    ASSERT_TRUE(parsed.ok()) << row.text << ": " << parsed.error().what;
    EXPECT_EQ(*parsed, row.value) << row.text;
  }
}

TEST(Values, SizesThatAreRefusedAndTheWayOut) {
  const std::string ambiguous = " is ambiguous: some read it as 1000, some as 1024";
  const struct {
    std::string_view text;
    std::string what;
    std::string_view help;
  } rows[] = {
      {"64", "\"64\" has no unit", "write 64B or 64KiB"},
      {"64k", "\"64k\"" + ambiguous, "write 64KiB (factor 1024)"},
      {"64K", "\"64K\"" + ambiguous, "write 64KiB (factor 1024)"},
      {"64KB", "\"64KB\"" + ambiguous, "write 64KiB (factor 1024)"},
      {"1m", "\"1m\"" + ambiguous, "write 1MiB (factor 1024)"},
      {"1mb", "\"1mb\"" + ambiguous, "write 1MiB (factor 1024)"},
      {"1G", "\"1G\"" + ambiguous, "write 1GiB (factor 1024)"},
      {"64kib", "\"64kib\" is not a size", "write 64KiB"},
      {"5b", "\"5b\" is not a size", "write 5B"},
      {"5x", "\"5x\" is not a size", "write a number and B, KiB, MiB, GiB or TiB"},
      {"5bytes", "\"5bytes\" is not a size", "write a number and B, KiB, MiB, GiB or TiB"},
      {"1.5MiB", "\"1.5MiB\" is not a size", "write a number and B, KiB, MiB, GiB or TiB"},
      {"-1B", "\"-1B\" is not a size", "write a number and B, KiB, MiB, GiB or TiB"},
      {"64 KiB", "\"64 KiB\" is not a size", "write a number and B, KiB, MiB, GiB or TiB"},
      {"", "\"\" is not a size", "write a number and B, KiB, MiB, GiB or TiB"},
      {"064KiB", "\"064KiB\" begins with a zero, which some read as octal",
       "write the number without leading zeros"},
      {"8388608TiB", "\"8388608TiB\" is too large a size", "write a smaller number"},
      {"99999999999999999999B", "\"99999999999999999999B\" is too large a size",
       "write a smaller number"},
  };
  for (const auto& row : rows) {
    const auto parsed = parse_bytes(row.text);
    ASSERT_FALSE(parsed.ok()) << row.text;
    EXPECT_EQ(parsed.error().what, row.what);
    EXPECT_EQ(parsed.error().help, row.help);
  }
}

TEST(Values, ARateIsASizePerSecond) {
  EXPECT_EQ(*parse_rate("500B/s"), 500U);
  EXPECT_EQ(*parse_rate("1KiB/s"), 1024U);
  for (const std::string_view text : {"500", "500B", "500/s", "500B/m", "/s", ""}) {
    EXPECT_FALSE(parse_rate(text).ok()) << text;
  }
}

TEST(Values, WholeNumbersAreDecimalWithoutLeadingZeros) {
  EXPECT_EQ(*parse_integer("0"), 0);
  EXPECT_EQ(*parse_integer("-12"), -12);
  EXPECT_EQ(*parse_integer("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(*parse_integer("-9223372036854775808"), INT64_MIN);
  for (const std::string_view text : {"", "-", "010", "-01", "00", "0x10", "0o10", "1_000", "+1",
                                      "1.0", "1e3", " 1", "1 ", "1a", "9223372036854775808"}) {
    EXPECT_FALSE(parse_integer(text).ok()) << text;
  }
}

TEST(Values, NumbersAreThoseOfJson) {
  EXPECT_EQ(*parse_number("0.5"), 0.5);
  EXPECT_EQ(*parse_number("-12"), -12.0);
  EXPECT_EQ(*parse_number("1e3"), 1000.0);
  EXPECT_EQ(*parse_number("2.5E-1"), 0.25);
  for (const std::string_view text :
       {"", ".5", "1.", "01", "+1", ".inf", "nan", "1e", "1e+", "0x1p3", "1e999", "1,5"}) {
    EXPECT_FALSE(parse_number(text).ok()) << text;
  }
}

TEST(Values, FormattingIsTheShortestSpelling) {
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(1h + 5ms), "1h5ms");
  EXPECT_EQ(format_bytes(0), "0B");
  EXPECT_EQ(format_bytes(1000), "1000B");
  EXPECT_EQ(format_bytes(65536), "64KiB");
  EXPECT_EQ(format_bytes(1536 * 1024), "1536KiB");
}

}  // namespace
}  // namespace berth::config
