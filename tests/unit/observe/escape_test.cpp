#include "observe/escape.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace berth::observe {
namespace {

using namespace std::string_view_literals;

std::string ascii(std::string_view value, std::size_t max_bytes = 1000) {
  LineBuffer line;
  add_ascii(line, value, max_bytes);
  return std::string(line.text());
}

std::string json(std::string_view value, std::size_t max_bytes = 1000) {
  LineBuffer line;
  add_json(line, value, max_bytes);
  return std::string(line.text());
}

TEST(Escape, AsciiIsPrintableWhateverComes) {
  struct Row {
    std::string_view value;
    std::string_view text;
  };
  constexpr std::array rows{
      Row{"", ""},
      Row{"plain text that is longer than eight bytes",
          "plain text that is longer than eight bytes"},
      Row{"a\r\nb", R"(a\x0D\x0Ab)"},
      Row{"\x1b[31mred", R"(\x1B[31mred)"},
      Row{"say \"hi\" \\", R"(say \x22hi\x22 \x5C)"},
      Row{"\x7f"sv, R"(\x7F)"},
      Row{"\0"sv, R"(\x00)"},
      Row{"caf\xc3\xa9", R"(caf\xC3\xA9)"},
      Row{"eight by\ttes", R"(eight by\x09tes)"},
  };
  for (const Row& row : rows) EXPECT_EQ(ascii(row.value), row.text);
}

TEST(Escape, EveryByteAloneAndInsideALongRun) {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool plain = i >= 0x20 && i < 0x7f && c != '"' && c != '\\';
    const std::string alone = ascii(std::string(1, c));
    EXPECT_EQ(alone.size(), plain ? 1U : 4U) << i;
    for (std::size_t at = 0; at < 17; ++at) {
      std::string value(17, 'v');
      value[at] = c;
      std::string expected(17, 'v');
      expected.replace(at, 1, alone);
      EXPECT_EQ(ascii(value), expected) << i;
    }
  }
}

TEST(Escape, JsonIsValidUtf8) {
  struct Row {
    std::string_view value;
    std::string_view text;
  };
  constexpr std::array rows{
      Row{"", ""},
      Row{"say \"hi\" \\", R"(say \"hi\" \\)"},
      Row{"a\nb\x1b\x7f"sv, R"(a\u000ab\u001b\u007f)"},
      Row{"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xa2", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\xa2"},
      Row{"\xc3", R"(\ufffd)"},                                // cut short
      Row{"\xa9x", R"(\ufffdx)"},                              // continuation alone
      Row{"\xc0\xaf", R"(\ufffd\ufffd)"},                      // overlong "/"
      Row{"\xe0\x80\xaf", R"(\ufffd\ufffd\ufffd)"},            // overlong
      Row{"\xed\xa0\x80", R"(\ufffd\ufffd\ufffd)"},            // surrogate
      Row{"\xf4\x90\x80\x80", R"(\ufffd\ufffd\ufffd\ufffd)"},  // above U+10FFFF
      Row{"\xff", R"(\ufffd)"},
      Row{"\xc2\x9b"
          "31m",
          R"(\u009b31m)"},  // a terminal's CSI in one character
      Row{"a\xe2\x80\xae"
          "b",
          R"(a\u202eb)"},                // right-to-left override
      Row{"\xe2\x80\xa8", R"(\u2028)"},  // line separator
  };
  for (const Row& row : rows) EXPECT_EQ(json(row.value), row.text);
}

TEST(Escape, ALongValueIsCutBetweenCharactersAndMarked) {
  EXPECT_EQ(ascii("0123456789", 10), "0123456789");
  EXPECT_EQ(ascii("0123456789x", 10), "0123456...");
  EXPECT_EQ(ascii("0123456\n", 11), R"(0123456\x0A)");
  EXPECT_EQ(ascii("0123456\n", 10), "0123456...");
  EXPECT_EQ(ascii("012345\nx", 10), R"(012345...)");
  EXPECT_EQ(ascii("\n\n\n", 11), R"(\x0A\x0A...)");
  EXPECT_EQ(ascii("\n\n\n", 10), R"(\x0A...)");
  EXPECT_EQ(json("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 8), "\xe2\x82\xac...");
  EXPECT_EQ(json("\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", 9),
            "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
  EXPECT_EQ(ascii("0123", 3), "...");
  EXPECT_EQ(ascii("0123", 2), "");
  EXPECT_EQ(ascii("0123", 0), "");
}

TEST(Escape, NeverMoreThanAskedForAndNeverMoreThanFits) {
  const std::string value = "ab\n\xc3\xa9\"cdefghijklmnopqrst\xff\xe2\x82\xac";
  for (std::size_t max = 0; max < 64; ++max) {
    EXPECT_LE(ascii(value, max).size(), max);
    EXPECT_LE(json(value, max).size(), max);
  }
  for (std::size_t room = 0; room < 64; ++room) {
    LineBuffer line;
    line.add(std::string(LineBuffer::kCapacity - room, 'x'));
    add_json(line, value, 1000);
    EXPECT_LE(line.size(), LineBuffer::kCapacity);
  }
}

TEST(Escape, BareValuesNeedNoQuotes) {
  for (const auto value : {"8080", "[::]:8080", "GET", "/a/b?c", "0.5"}) {
    EXPECT_TRUE(is_bare(value)) << value;
  }
  for (const auto value : {"", "a b", "a=b", "a\"b", "a\\b", "a\nb", "caf\xc3\xa9"}) {
    EXPECT_FALSE(is_bare(value)) << value;
  }
}

}  // namespace
}  // namespace berth::observe
