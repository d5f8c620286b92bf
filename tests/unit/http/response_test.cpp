#include <chrono>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "http/date.h"
#include "http/response_encoder.h"
#include "http/sniff.h"
#include "http/status.h"

namespace berth::http {
namespace {

using namespace std::string_literals;
using std::chrono::sys_seconds;

TEST(ResponseEncoder, AppendsStatusLineFieldsAndEmptyLine) {
  Fields fields;
  std::string out = "before|";
  append_head(out, 204, fields);
  EXPECT_EQ(out, "before|HTTP/1.1 204 No Content\r\n\r\n");
  fields.add("Content-Type", "text/plain");
  fields.add("X", "");
  out.clear();
  append_head(out, 200, fields);
  EXPECT_EQ(out, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX: \r\n\r\n");
}

TEST(ResponseEncoder, KeepsTheSpaceBeforeAnEmptyPhrase) {
  std::string out;
  append_head(out, 999, Fields());
  EXPECT_EQ(out, "HTTP/1.1 999 \r\n\r\n");
}

TEST(Status, HasThePhrasesOfTheRegistry) {
  EXPECT_EQ(reason_phrase(100), "Continue");
  EXPECT_EQ(reason_phrase(413), "Content Too Large");
  EXPECT_EQ(reason_phrase(511), "Network Authentication Required");
  int registered = 0;
  for (int status = 0; status < 1000; ++status) registered += reason_phrase(status).empty() ? 0 : 1;
  EXPECT_EQ(registered, 61);
}

TEST(Status, ForbidsBodiesIn1xx204And304AndContentIn205Too) {
  for (int status = 100; status < 1000; ++status) {
    EXPECT_EQ(body_forbidden(status), status < 200 || status == 204 || status == 304) << status;
    EXPECT_EQ(content_forbidden(status), body_forbidden(status) || status == 205) << status;
  }
}

std::string date_text(sys_seconds time) {
  const auto text = format_date(time);
  return {text.data(), text.size()};
}

sys_seconds at(long long seconds) { return sys_seconds(std::chrono::seconds(seconds)); }

TEST(Date, IsFormattedAsImfFixdate) {
  EXPECT_EQ(date_text(at(784111777)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date_text(at(0)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date_text(at(-1)), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(date_text(at(1709164799)), "Wed, 28 Feb 2024 23:59:59 GMT");
  EXPECT_EQ(date_text(at(1709164800)), "Thu, 29 Feb 2024 00:00:00 GMT");
  EXPECT_EQ(date_text(at(253402300799)), "Fri, 31 Dec 9999 23:59:59 GMT");
}

TEST(Date, IsParsedInAllThreeForms) {
  const sys_seconds now = at(1700000000);  // November 2023
  struct Row {
    std::string_view text;
    long long seconds;
  };
  const Row rows[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
      {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
      {"Sun Nov  6 08:49:37 1994", 784111777},
      {"Tue Nov 16 00:00:00 1993", 753408000},
      {"Thu, 01 Jan 1970 00:00:60 GMT", 59},
      {"Thursday, 01-Jan-70 00:00:00 GMT", 3155760000},  // 2070: not over 50 years ahead
      {"Tuesday, 01-Jan-80 00:00:00 GMT", 315532800},    // 2080 would be
      {"Wednesday, 15-Nov-73 00:00:00 GMT", 122169600},  // one day over 50 years
      {"Tuesday, 14-Nov-73 00:00:00 GMT", 3277843200},
  };
  for (const Row& row : rows) {
    const auto time = parse_date(row.text, now);
    ASSERT_TRUE(time.has_value()) << row.text;
    EXPECT_EQ(time->time_since_epoch().count(), row.seconds) << row.text;
  }
  for (const std::string_view text : {"",
                                      "Sun",
                                      "Sun, 06 Nov 1994 08:49:37",
                                      "Sun, 06 Nov 1994 08:49:37 UTC",
                                      "Sun, 06 Nov 1994 08:49:37 GMT ",
                                      "sun, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, 6 Nov 1994 08:49:37 GMT",
                                      "Sun, 31 Nov 1994 08:49:37 GMT",
                                      "Sun, 00 Nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 1994 24:00:00 GMT",
                                      "Sun, 06 Nov 1994 08:60:37 GMT",
                                      "Sun, 06 Nov 1994 08:49:61 GMT",
                                      "Sun, 06 nov 1994 08:49:37 GMT",
                                      "Sun, 06 Nov 94 08:49:37 GMT",
                                      "Sunday, 06 Nov 1994 08:49:37 GMT",
                                      "Sun, 06-Nov-94 08:49:37 GMT",
                                      "Sunday, 31-Feb-94 08:49:37 GMT",
                                      "Sun Nov 6 08:49:37 1994",
                                      "Sun Nov  6 08:49:37 94",
                                      "Thu, 29 Feb 2023 00:00:00 GMT",
                                      "0",
                                      "Sun, -6 Nov 1994 08:49:37 GMT"}) {
    EXPECT_EQ(parse_date(text, now), std::nullopt) << text;
  }
}

TEST(Date, SurvivesARoundTripOverEightCenturies) {
  for (long long day = -135140; day < 146097; day += 7) {
    const sys_seconds time = at(day * 86400 + (day & 0xffff));
    ASSERT_EQ(parse_date(date_text(time), at(0)), time) << day;
  }
}

TEST(Sniff, FollowsMimeSniffing) {
  const std::string_view octets = "application/octet-stream";
  const std::string_view plain = "text/plain; charset=utf-8";
  const std::string_view html = "text/html; charset=utf-8";
  struct Row {
    std::string content;
    std::string_view type;
  };
  const Row rows[] = {
      {"", plain},
      {"hello", plain},
      {"\t\n\x0c\r \x1b[0m caf\xc3\xa9", plain},
      {"a\x01", octets},
      {"\x01", octets},
      {"text and"s + '\0', octets},
      {"<!doctype html>", html},
      {"  \r\n<HtMl >", html},
      {"<html", plain},
      {"<htmlx>", plain},
      {"<b>bold", html},
      {"<!-- c", html},
      {"<!--c", plain},
      {"<p>", html},
      {"<script>", html},
      {" <?xml version", "text/xml; charset=utf-8"},
      {"%PDF-1.7", "application/pdf"},
      {"%!PS-Adobe-3", "application/postscript"},
      {"\xef\xbb\xbf\x01", plain},
      {"\xfe\xff"s + '\0' + "a", "text/plain; charset=utf-16be"},
      {"\xff\xfe"s + "a" + '\0', "text/plain; charset=utf-16le"},
      {"GIF89a...", "image/gif"},
      {"\x89PNG\r\n\x1a\n", "image/png"},
      {"\xff\xd8\xff\xe0", "image/jpeg"},
      {"RIFF1234WEBPVP8", "image/webp"},
      {"RIFF1234WAVE", "audio/wave"},
      {"RIFF1234AVI ", "video/avi"},
      {"RIFF?", plain},
      {"\0\0\1\0"s, "image/x-icon"},
      {"BMP", "image/bmp"},
      {"ID3", "audio/mpeg"},
      {"OggS\0"s, "application/ogg"},
      {"MThd\0\0\0\6"s, "audio/midi"},
      {"\0\0\0\x18"s + "ftypmp42" + "\0\0\0\0"s + "mp42isom", "video/mp4"},
      {"\0\0\0\x14"s + "ftypisom" + "mp42" + "avc1", octets},  // only as a version
      {"\xff\xff\xff\xfc"s + "ftypmp42", plain},               // a box that is not all here
      {"\x1a\x45\xdf\xa3", "video/webm"},
      {std::string(34, '\0') + "LP", "application/vnd.ms-fontobject"},
      {"wOF2", "font/woff2"},
      {"\x1f\x8b\x08", "application/x-gzip"},
      {"PK\3\4", "application/zip"},
      {"\0asm"s, "application/wasm"},
      {std::string(512, 'a') + '\0', plain},  // not looked at
      {std::string(511, 'a') + '\0', octets},
  };
  for (const Row& row : rows) EXPECT_EQ(sniff_content_type(row.content), row.type) << row.content;
}

}  // namespace
}  // namespace berth::http
