// Conditional requests (RFC 9110 s13) and ranges (s14).
#include "site.h"

#include <optional>

namespace static_files {
namespace {

constexpr const char* kTag = "\"ae1b981bc490a00-a\"";
constexpr const char* kDate = "Sun, 06 Nov 1994 08:49:37 GMT";

struct Conditions : Site {
  Conditions() { mount(); }
  RecordedResponse get_with(std::vector<berth::testing::Field> fields) {
    RequestSpec spec = request("a.txt");
    spec.headers = std::move(fields);
    return recorder.serve(spec);
  }
};

TEST_F(Conditions, DecideInTheOrderOfTheRfc) {
  const struct {
    std::vector<berth::testing::Field> fields;
    int status;
  } rows[] = {
      {{{"If-None-Match", kTag}}, 304},
      {{{"if-none-match", "\"x\", W/\"ae1b981bc490a00-a\""}}, 304},
      {{{"If-None-Match", "\"x\""}, {"If-None-Match", kTag}}, 304},
      {{{"If-None-Match", "*"}}, 304},
      {{{"If-None-Match", "\"x\""}}, 200},
      {{{"If-None-Match", "ae1b981bc490a00-a"}}, 200},
      {{{"If-None-Match", "\"ae1b981bc490a00-a"}}, 200},
      {{{"If-None-Match", ""}}, 200},
      {{{"If-Modified-Since", kDate}}, 304},
      {{{"If-Modified-Since", "Sunday, 06-Nov-94 08:49:37 GMT"}}, 304},
      {{{"If-Modified-Since", "Sun Nov  6 08:49:37 1994"}}, 304},
      {{{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}, 200},
      {{{"If-Modified-Since", "Tue, 01 Jan 2019 00:00:00 GMT"}}, 304},
      {{{"If-Modified-Since", "yesterday"}}, 200},
      {{{"If-Modified-Since", "Sun, 06 Nov 1994 08:49:37 GMT and more, and more, and more"}}, 200},
      {{{"If-None-Match", "\"x\""}, {"If-Modified-Since", kDate}}, 200},
      {{{"If-None-Match", kTag}, {"If-Modified-Since", "Sat, 01 Jan 1994 00:00:00 GMT"}}, 304},
      {{{"If-Match", kTag}}, 200},
      {{{"If-Match", "*"}}, 200},
      {{{"If-Match", "\"x\""}}, 412},
      {{{"If-Match", "W/\"ae1b981bc490a00-a\""}}, 412},
      {{{"If-Unmodified-Since", kDate}}, 200},
      {{{"If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:36 GMT"}}, 412},
      {{{"If-Unmodified-Since", "whenever"}}, 200},
      {{{"If-Match", kTag}, {"If-Unmodified-Since", "Sat, 01 Jan 1994 00:00:00 GMT"}}, 200},
      {{{"If-Match", kTag}, {"If-None-Match", kTag}}, 304},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(get_with(row.fields).status, row.status)
        << row.fields.front().name << ": " << row.fields.front().value;
  }
}

TEST_F(Conditions, WhatIsNotModifiedHasItsValidatorsAndNoBody) {
  mount(map({{"root", root}, {"cache_control", "no-cache"}}));
  const RecordedResponse response = get_with({{"If-None-Match", kTag}});
  EXPECT_EQ(response.headers,
            (std::vector<berth::testing::Field>{{"Cache-Control", "no-cache"}, {"ETag", kTag}}));
  EXPECT_EQ(response.body, "");
}

TEST_F(Conditions, TheTagChangesWithTheFile) {
  const auto before = get("a.txt").header("ETag");
  write("a.txt", "01234567890");
  EXPECT_NE(get("a.txt").header("ETag"), before);
}

TEST_F(Conditions, ADateInTheFutureOrUnknownIsNotTold) {
  for (const std::int64_t when : {std::int64_t{0}, std::int64_t{32503680000}}) {  // the year 3000
    const timeval times[2] = {{when, 0}, {when, 0}};
    ASSERT_EQ(::utimes((root + "/a.txt").c_str(), times), 0);
    EXPECT_EQ(get("a.txt").header("Last-Modified"), std::nullopt);
    EXPECT_EQ(get_with({{"If-Modified-Since", kDate}}).status, 200);
    EXPECT_EQ(get_with({{"If-Unmodified-Since", "Sat, 01 Jan 1994 00:00:00 GMT"}}).status, 200);
  }
}

TEST_F(Conditions, OneRangeIsAPart) {
  const struct {
    const char* range;
    int status;
    const char* content_range;
    const char* body;
  } rows[] = {
      {"bytes=0-0", 206, "bytes 0-0/10", "0"},
      {"bytes=2-5", 206, "bytes 2-5/10", "2345"},
      {"bytes=7-", 206, "bytes 7-9/10", "789"},
      {"bytes=0-", 206, "bytes 0-9/10", "0123456789"},
      {"bytes=8-99999999999999999999999", 206, "bytes 8-9/10", "89"},
      {"bytes=-3", 206, "bytes 7-9/10", "789"},
      {"bytes=-99", 206, "bytes 0-9/10", "0123456789"},
      {"Bytes=9-9", 206, "bytes 9-9/10", "9"},
      {"bytes=10-", 416, "bytes */10", "416 Range Not Satisfiable\n"},
      {"bytes=99999999999999999999999-", 416, "bytes */10", "416 Range Not Satisfiable\n"},
      {"bytes=-0", 416, "bytes */10", "416 Range Not Satisfiable\n"},
      {"bytes=0-1,10-", 206, "bytes 0-1/10", "01"},
      {"bytes=0-4,4-5", 200, nullptr, "0123456789"},
      {"bytes=5-2", 200, nullptr, "0123456789"},
      {"bytes=-", 200, nullptr, "0123456789"},
      {"bytes=", 200, nullptr, "0123456789"},
      {"bytes=a-b", 200, nullptr, "0123456789"},
      {"bytes=1-2x", 200, nullptr, "0123456789"},
      {"bytes=--1", 200, nullptr, "0123456789"},
      {"lines=1-2", 200, nullptr, "0123456789"},
      {"", 200, nullptr, "0123456789"},
  };
  for (const auto& row : rows) {
    const RecordedResponse response = get_with({{"Range", row.range}});
    EXPECT_EQ(response.status, row.status) << row.range;
    EXPECT_EQ(response.body, row.body) << row.range;
    EXPECT_EQ(response.header("Content-Range").value_or(""),
              row.content_range == nullptr ? "" : row.content_range);
    if (row.status == 206) {
      EXPECT_EQ(response.header("Content-Length"), std::to_string(response.body.size()));
    }
  }
}

TEST_F(Conditions, SeveralRangesAreSeveralParts) {
  const RecordedResponse response = get_with({{"Range", "bytes=8-,0-1"}});
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.header("Content-Range"), std::nullopt);
  const std::string type = response.header("Content-Type").value_or("");
  const std::string kind = "multipart/byteranges; boundary=";
  ASSERT_TRUE(type.starts_with(kind)) << type;
  const std::string line = "--" + type.substr(kind.size());
  EXPECT_EQ(response.body,
            line + "\r\nContent-Range: bytes 8-9/10\r\nContent-Type: text/plain; charset=utf-8" +
                "\r\n\r\n89\r\n" + line +
                "\r\nContent-Range: bytes 0-1/10\r\nContent-Type: text/plain; charset=utf-8" +
                "\r\n\r\n01\r\n" + line + "--\r\n");
  EXPECT_EQ(response.header("Content-Length"), std::to_string(response.body.size()));
}

TEST_F(Conditions, IfRangeHasToBeExactlyWhatIsThere) {
  const struct {
    const char* condition;
    int status;
  } rows[] = {{kTag, 206},
              {"\"x\"", 200},
              {"W/\"ae1b981bc490a00-a\"", 200},
              {kDate, 206},
              {"Sun, 06 Nov 1994 08:49:38 GMT", 200},
              {"nonsense", 200}};
  for (const auto& row : rows) {
    EXPECT_EQ(get_with({{"Range", "bytes=0-1"}, {"If-Range", row.condition}}).status, row.status)
        << row.condition;
  }
}

TEST_F(Conditions, ARangeOfNothingOrOfHeadIsIgnored) {
  write("empty", "");
  EXPECT_EQ(recorder.serve(request("empty").header("Range", "bytes=0-")).status, 200);
  RequestSpec head = request("a.txt");
  head.method = "HEAD";
  const RecordedResponse response = recorder.serve(head.header("Range", "bytes=0-1"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.header("Content-Length"), "10");
}

TEST_F(Conditions, ARangeIsNotLookedAtWhereAConditionAnswers) {
  EXPECT_EQ(get_with({{"Range", "bytes=0-1"}, {"If-None-Match", kTag}}).status, 304);
}

}  // namespace
}  // namespace static_files
