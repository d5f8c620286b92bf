// What the fields of requests mean to serve_content() and its like: Range, Accept-Encoding, dates.
#include <berth/byte_ranges.hpp>
#include <berth/content_coding.hpp>
#include <berth/http_date.hpp>
#include <berth/media_type.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace berth {
namespace {

using Kind = ByteRanges::Kind;
using Parts = std::vector<ByteRange>;

Parts parts_of(const ByteRanges& ranges) { return {ranges.parts().begin(), ranges.parts().end()}; }

TEST(ByteRanges, AreThePartsThatLieWithin) {
  const struct {
    const char* field;
    Kind kind;
    Parts parts;
  } rows[] = {
      {"bytes=0-0", Kind::parts, {{0, 1}}},
      {"bytes=0-", Kind::parts, {{0, 10}}},
      {"bytes=0-99", Kind::parts, {{0, 10}}},
      {"bytes=-3", Kind::parts, {{7, 3}}},
      {"bytes=-99", Kind::parts, {{0, 10}}},
      {"BYTES=1-2", Kind::parts, {{1, 2}}},
      {"bytes=5-6,0-1", Kind::parts, {{5, 2}, {0, 2}}},
      {"bytes= 0-0 ,\t,, 2-2 ,", Kind::parts, {{0, 1}, {2, 1}}},
      {"bytes=0-4,5-9", Kind::parts, {{0, 5}, {5, 5}}},
      {"bytes=0-0,10-,-1", Kind::parts, {{0, 1}, {9, 1}}},
      {"bytes=-0,3-3", Kind::parts, {{3, 1}}},
      {"bytes=18446744073709551615-", Kind::unsatisfiable, {}},
      {"bytes=10-", Kind::unsatisfiable, {}},
      {"bytes=10-11,12-", Kind::unsatisfiable, {}},
      {"bytes=-0", Kind::unsatisfiable, {}},
      {"bytes=0-1,1-2", Kind::whole, {}},
      {"bytes=0-,-1", Kind::whole, {}},
      {"bytes=0-0,0-0", Kind::whole, {}},
      {"bytes=0-1,x", Kind::whole, {}},
      {"bytes=10-,x", Kind::whole, {}},
      {"bytes=2-1", Kind::whole, {}},
      {"bytes=0 - 1", Kind::whole, {}},
      {"bytes=+0-1", Kind::whole, {}},
      {"bytes=0x0-1", Kind::whole, {}},
      {"bytes=--1", Kind::whole, {}},
      {"bytes=-", Kind::whole, {}},
      {"bytes=", Kind::whole, {}},
      {"bytes=,", Kind::whole, {}},
      {"bytes", Kind::whole, {}},
      {"bytes =0-1", Kind::whole, {}},
      {"bytes=0-1;q=1", Kind::whole, {}},
      {"items=0-1", Kind::whole, {}},
      {"", Kind::whole, {}},
  };
  for (const auto& row : rows) {
    const ByteRanges ranges = ByteRanges::parse(row.field, 10);
    EXPECT_EQ(ranges.kind(), row.kind) << row.field;
    EXPECT_EQ(parts_of(ranges), row.parts) << row.field;
  }
}

TEST(ByteRanges, AreSixteenAtMost) {
  std::string field = "bytes=0-0";
  for (int i = 1; i < 16; ++i) field += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  EXPECT_EQ(ByteRanges::parse(field, 100).parts().size(), 16U);
  EXPECT_EQ(ByteRanges::parse(field + ",99-", 100).kind(), Kind::whole);
  EXPECT_EQ(ByteRanges::parse(field + ",100-", 100).kind(), Kind::whole) << "behind the end, too";
}

TEST(ByteRanges, OfNothingAreNone) {
  EXPECT_EQ(ByteRanges::parse("bytes=0-", 0).kind(), Kind::whole);
  EXPECT_EQ(ByteRanges::parse("bytes=-1", 0).kind(), Kind::whole);
}

TEST(ByteRanges, OfTheLargestSizeDoNotOverflow) {
  constexpr std::uint64_t kLargest = UINT64_MAX;
  EXPECT_EQ(parts_of(ByteRanges::parse("bytes=0-0,18446744073709551614-", kLargest)),
            (Parts{{0, 1}, {kLargest - 1, 1}}));
  EXPECT_EQ(parts_of(ByteRanges::parse("bytes=-99999999999999999999", kLargest)),
            (Parts{{0, kLargest}}));
}

TEST(CodingWeight, IsWhatTheClientSaysRfc9110) {
  const struct {
    const char* accepted;
    std::optional<int> weight;
  } rows[] = {
      {"gzip", 1000},
      {"GZip;Q=0.25", 250},
      {"x-gzip;q=0.5", 500},
      {" br , gzip ; q=1.000", 1000},
      {"gzip;q=0.001", 1},
      {"gzip;q=0", 0},
      {"gzip;q=0.", 0},
      {"gzip;q=1.001", 0},
      {"gzip;q=2", 0},
      {"gzip;q=-1", 0},
      {"gzip;q=0.1234", 0},
      {"gzip;q=", 0},
      {"gzip;level=9;q=0.3", 300},
      {"gzip;q=0.1, gzip", 100},
      {"*", 1000},
      {"*;q=0.2, gzip;q=0.7", 700},
      {"*;q=0.2, br", 200},
      {"gzipped, deflate", std::nullopt},
      {"", std::nullopt},
      {",,", std::nullopt},
  };
  for (const auto& row : rows)
    EXPECT_EQ(coding_weight(row.accepted, "gzip"), row.weight) << row.accepted;
}

TEST(HttpDate, GoesBothWaysInAllThreeForms) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(parse_http_date(text), 784111777) << text;
  }
  for (const char* text : {"", "yesterday", "Sun, 06 Nov 1994 08:49:37", "784111777",
                           "Sun, 06 Nov 1994 08:49:37 GMT+1", "So, 06 Nov 1994 08:49:37 GMT",
                           "Thu, 31 Feb 1994 08:49:37 GMT", "Tue, 29 Feb 2022 00:00:00 GMT",
                           "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 0 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_http_date("Tue, 29 Feb 2000 00:00:00 GMT"), 951782400);
}

TEST(MediaType, IsThatOfTheExtension) {
  EXPECT_EQ(media_type("a/b.HTML"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type("a.html/b"), "application/octet-stream");
  EXPECT_EQ(media_type(""), "application/octet-stream");
}

}  // namespace
}  // namespace berth
