// serve_content() and serve_file(): which reply each condition and range gets.
#include <berth/http_date.hpp>

#include <sys/time.h>

#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "helpers.h"

namespace berth::test {
namespace {

using testing::Field;
using Fields = std::vector<Field>;

constexpr const char* kStrong = "/?etag=%22a%22&modified=784111777";
constexpr const char* kWeak = "/?etag=W/%22a%22&modified=784111777";
constexpr const char* kNone = "/";
constexpr const char* kDate = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* kEarlier = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* kLater = "Sun, 06 Nov 1994 08:49:38 GMT";

RecordedResponse serve(const char* method, std::string target, Fields fields) {
  RequestSpec request(method, std::move(target));
  request.headers = std::move(fields);
  return Helper("contents").serve(request);
}

TEST(ServeContent, JudgesConditionsInTheOrderOfTheRfc_G104) {
  const struct {
    const char* method;
    const char* target;
    Fields fields;
    int status;
  } rows[] = {
      // 1: If-Match, by strong comparison, before If-Unmodified-Since
      {"GET", kStrong, {{"If-Match", "\"b\", \"a\""}, {"If-Unmodified-Since", kEarlier}}, 200},
      {"GET", kStrong, {{"If-Match", "\"b\""}, {"If-None-Match", "\"a\""}}, 412},
      {"GET", kStrong, {{"If-Match", "W/\"a\""}}, 412},
      {"GET", kWeak, {{"If-Match", "W/\"a\""}}, 412},
      {"GET", kWeak, {{"If-Match", "*"}}, 200},
      {"GET", kNone, {{"If-Match", "\"a\""}}, 412},
      {"PUT", kStrong, {{"If-Match", "\"b\""}}, 412},
      // 2: If-Unmodified-Since
      {"GET", kStrong, {{"If-Unmodified-Since", kEarlier}}, 412},
      {"GET", kStrong, {{"If-Unmodified-Since", kDate}}, 200},
      {"GET", kNone, {{"If-Unmodified-Since", kEarlier}}, 200},
      // 3: If-None-Match, by weak comparison, before If-Modified-Since
      {"GET", kStrong, {{"If-None-Match", "W/\"a\""}, {"If-Modified-Since", kEarlier}}, 304},
      {"HEAD", kWeak, {{"If-None-Match", "\"a\""}}, 304},
      {"GET", kStrong, {{"If-None-Match", "\"b\""}, {"If-Modified-Since", kDate}}, 200},
      {"GET", kNone, {{"If-None-Match", "\"\""}}, 200},
      {"PUT", kStrong, {{"If-None-Match", "\"a\""}}, 412},
      {"PUT", kStrong, {{"If-None-Match", "*"}}, 412},
      {"PUT", kStrong, {{"If-None-Match", "\"b\""}}, 200},
      // 4: If-Modified-Since, of GET and HEAD
      {"GET", kStrong, {{"If-Modified-Since", kDate}}, 304},
      {"GET", kStrong, {{"If-Modified-Since", kLater}}, 304},
      {"GET", kStrong, {{"If-Modified-Since", kEarlier}}, 200},
      {"POST", kStrong, {{"If-Modified-Since", kDate}}, 200},
      {"GET", kNone, {{"If-Modified-Since", kDate}}, 200},
      // s13.1.3, s13.1.4: more than one date is none
      {"GET", kStrong, {{"If-Modified-Since", kDate}, {"If-Modified-Since", kDate}}, 200},
      {"GET", kStrong, {{"If-Unmodified-Since", kEarlier}, {"If-Unmodified-Since", kDate}}, 200},
      // 5: If-Range, only then
      {"GET", kStrong, {{"Range", "bytes=0-1"}, {"If-Range", "\"a\""}}, 206},
      {"GET", kStrong, {{"Range", "bytes=0-1"}, {"If-Range", "\"b\""}}, 200},
      {"GET", kStrong, {{"Range", "bytes=0-1"}, {"If-Range", "W/\"a\""}}, 200},
      {"GET", kWeak, {{"Range", "bytes=0-1"}, {"If-Range", "W/\"a\""}}, 200},
      {"GET", kWeak, {{"Range", "bytes=0-1"}, {"If-Range", "\"a\""}}, 200},
      {"GET", kStrong, {{"Range", "bytes=0-1"}, {"If-Range", kDate}}, 206},
      {"GET", kStrong, {{"Range", "bytes=0-1"}, {"If-Range", kLater}}, 200},
      {"GET", kStrong, {{"Range", "bytes=0-1"}, {"If-Range", "\"a\""}, {"If-Range", "\"a\""}}, 200},
      {"GET", kStrong, {{"Range", "bytes=0-1"}, {"Range", "bytes=0-1"}}, 200},
      {"GET", kStrong, {{"Range", "bytes=10-"}, {"If-Range", "\"b\""}}, 200},
      {"GET", kStrong, {{"Range", "bytes=10-"}, {"If-None-Match", "\"a\""}}, 304},
      {"GET", kStrong, {{"Range", "bytes=10-"}, {"If-Match", "\"b\""}}, 412},
      {"HEAD", kStrong, {{"Range", "bytes=0-1"}}, 200},
      {"POST", kStrong, {{"Range", "bytes=0-1"}}, 200},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(serve(row.method, row.target, row.fields).status, row.status)
        << row.method << " " << row.target << " " << row.fields.front().name << ": "
        << row.fields.front().value;
  }
}

TEST(ServeContent, TellsWhatDescribesTheWhole) {
  const Fields expected{{"ETag", "\"a\""},
                        {"Last-Modified", kDate},
                        {"Accept-Ranges", "bytes"},
                        {"X-Content-Type-Options", "nosniff"},
                        {"Content-Type", "text/plain"},
                        {"Content-Length", "10"}};
  const RecordedResponse get = serve("GET", kStrong, {});
  EXPECT_EQ(get.headers, expected);
  EXPECT_EQ(get.body, "0123456789");
  const RecordedResponse head = serve("HEAD", kStrong, {});
  EXPECT_EQ(head.headers, expected);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(serve("GET", "/?type=", {}).header("Content-Type"), "application/octet-stream");
  EXPECT_EQ(serve("GET", "/?Content-Type=a/b", {}).header("Content-Type"), "a/b");
  EXPECT_EQ(serve("GET", kNone, {}).header("ETag"), std::nullopt);
}

TEST(ServeContent, NotModifiedTellsNothingOfABody) {
  const RecordedResponse response = serve(
      "GET", std::string(kStrong) + "&Content-Type=a/b&Content-Encoding=br&Content-Length=3&Vary=X",
      {{"If-None-Match", "\"a\""}});
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.headers, (Fields{{"Vary", "X"}, {"ETag", "\"a\""}}));
  EXPECT_TRUE(response.complete);
  const RecordedResponse dated =
      serve("GET", "/?modified=784111777", {{"If-Modified-Since", kDate}});
  EXPECT_EQ(dated.status, 304);
  EXPECT_EQ(dated.header("Last-Modified"), kDate) << "without an entity tag it is of use";
}

TEST(ServeContent, ErrorsAreNotKept_G105) {
  const std::string cached = std::string(kStrong) + "&Cache-Control=max-age%3D9&Vary=X";
  const RecordedResponse unsatisfiable = serve("GET", cached, {{"Range", "bytes=10-"}});
  EXPECT_EQ(unsatisfiable.status, 416);
  EXPECT_EQ(unsatisfiable.header("Content-Range"), "bytes */10");
  EXPECT_EQ(unsatisfiable.body, "416 Range Not Satisfiable\n");
  const RecordedResponse failed = serve("GET", cached, {{"If-Match", "\"b\""}});
  EXPECT_EQ(failed.body, "412 Precondition Failed\n");
  for (const RecordedResponse& response : {unsatisfiable, failed}) {
    for (const char* gone : {"Cache-Control", "ETag", "Last-Modified", "Content-Length"}) {
      EXPECT_EQ(response.header(gone), std::nullopt) << gone;
    }
    EXPECT_EQ(response.header("Vary"), "X");
  }
}

TEST(ServeContent, OnePartIsNoMultipart) {
  for (const char* range : {"bytes=2-3", "bytes=2-3,10-"}) {
    const RecordedResponse response = serve("GET", kStrong, {{"Range", range}});
    EXPECT_EQ(response.status, 206);
    EXPECT_EQ(response.body, "23");
    EXPECT_EQ(response.header("Content-Range"), "bytes 2-3/10");
    EXPECT_EQ(response.header("Content-Type"), "text/plain");
    EXPECT_EQ(response.header("Content-Length"), "2");
    EXPECT_EQ(response.header("ETag"), "\"a\"");
  }
}

TEST(ServeContent, SeveralPartsComeInTheOrderAskedForRfc9110S14) {
  const RecordedResponse response = serve("GET", kStrong, {{"Range", "bytes=-1,0-1,4-4"}});
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.header("Content-Range"), std::nullopt);
  const std::string type = response.header("Content-Type").value_or("");
  constexpr std::string_view kKind = "multipart/byteranges; boundary=";
  ASSERT_TRUE(type.starts_with(kKind)) << type;
  const std::string boundary = type.substr(kKind.size());
  const auto part = [&](const char* range, const char* bytes) {
    return "--" + boundary + "\r\nContent-Range: bytes " + range +
           "/10\r\nContent-Type: text/plain\r\n\r\n" + bytes + "\r\n";
  };
  EXPECT_EQ(response.body,
            part("9-9", "9") + part("0-1", "01") + part("4-4", "4") + "--" + boundary + "--\r\n");
  EXPECT_EQ(response.header("Content-Length"), std::to_string(response.body.size()));
  EXPECT_NE(serve("GET", kStrong, {{"Range", "bytes=-1,0-1"}}).header("Content-Type"), type)
      << "nobody knows a boundary before";
}

TEST(ServeContent, ATypeSplitsNeitherTheHeadNorAPart_F17) {
  for (const char* range : {"bytes=0-1", "bytes=0-1,4-4"}) {
    Recorder recorder;  // a Helper would blame the handler for what it sets
    ASSERT_TRUE(recorder.mount("contents", testing::map({})));
    const RecordedResponse response =
        recorder.serve(RequestSpec("GET", "/?type=a%0D%0AX-Injected:%20b").header("Range", range));
    EXPECT_EQ(response.result, BERTH_E_INVALID) << range;
    EXPECT_EQ(response.status, 500) << range;
    EXPECT_EQ(response.body.find("X-Injected"), std::string::npos) << range;
  }
}

TEST(ServeContent, ADateOfThisMomentIsNoStrongValidator) {
  const std::time_t now = std::time(nullptr) + 60;  // that the test may take, too
  const std::string target = "/?modified=" + std::to_string(now);
  const std::string date = http_date(now);
  EXPECT_EQ(serve("GET", target, {{"Range", "bytes=0-1"}, {"If-Range", date}}).status, 200);
  EXPECT_EQ(serve("GET", target, {{"If-Modified-Since", date}}).status, 304);
}

TEST(ServeContent, SeveralPartsOfWhatIsEncodedAreTheWhole) {
  const std::string encoded = std::string(kStrong) + "&Content-Encoding=br";
  const RecordedResponse whole = serve("GET", encoded, {{"Range", "bytes=0-1,4-4"}});
  EXPECT_EQ(whole.status, 200);
  EXPECT_EQ(whole.body, "0123456789");
  EXPECT_EQ(serve("GET", encoded, {{"Range", "bytes=0-1"}}).status, 206);
}

// A file of that time, and a handler that serves it.
struct Served {
  Served() {
    std::FILE* file = std::fopen(path.c_str(), "w");
    EXPECT_NE(file, nullptr);
    std::fputs("{\"a\":1}", file);
    std::fclose(file);
    changed_at(784111777);
  }
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() { std::remove(path.c_str()); }
  void changed_at(std::time_t when) const {
    const timeval times[2] = {{when, 0}, {when, 0}};
    EXPECT_EQ(::utimes(path.c_str(), times), 0);
  }
  RecordedResponse get_with(Fields fields) {
    RequestSpec request("GET", "/");
    request.headers = std::move(fields);
    return helper.serve(request);
  }

  const std::string path = ::testing::TempDir() + "berth-served.json";
  Helper helper{"file", testing::map({{"file", path}})};
};

TEST(ServeFile, SendsWhatLiesThere) {
  Served served;
  const RecordedResponse response = served.get_with({});
  EXPECT_EQ(response.body, "{\"a\":1}");
  EXPECT_EQ(response.header("Content-Type"), "application/json");
  EXPECT_EQ(response.header("Last-Modified"), kDate);
  const std::string etag = response.header("ETag").value_or("");
  EXPECT_TRUE(etag.starts_with('"')) << etag;
  EXPECT_EQ(served.get_with({{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(served.get_with({{"Range", "bytes=0-0"}, {"If-Range", etag}}).status, 206);
  const RecordedResponse sent = served.helper.serve(
      RequestSpec("GET", "/").header("Range", "bytes=0-0,6-6").with_file_sender());
  EXPECT_EQ(sent.files.size(), 2U);
  EXPECT_EQ(sent.header("Content-Length"), std::to_string(sent.body.size()));
  std::remove(served.path.c_str());
  EXPECT_EQ(served.get_with({}).status, 404);
}

TEST(ServeFile, WhatMayChangeAgainInTheSameTickHasAWeakTag) {
  Served served;
  served.changed_at(std::time(nullptr) + 60);  // that the test may take, too
  const std::string etag = served.get_with({}).header("ETag").value_or("");
  EXPECT_TRUE(etag.starts_with("W/\"")) << etag;
  EXPECT_EQ(served.get_with({{"If-None-Match", etag}}).status, 304);
  EXPECT_EQ(served.get_with({{"Range", "bytes=0-0"}, {"If-Range", etag}}).status, 200);
  EXPECT_EQ(served.get_with({{"If-Match", etag}}).status, 412);
}

TEST(ServeFile, ATimeThatNobodyKnowsMakesNoValidators) {
  Served served;
  for (const std::time_t when : {0, 1}) {
    served.changed_at(when);
    EXPECT_EQ(served.get_with({}).header("ETag"), std::nullopt) << when;
    EXPECT_EQ(served.get_with({}).header("Last-Modified"), std::nullopt) << when;
  }
}

TEST(ServeFile, OfAFolderIsNotFound) {
  Helper helper("file", testing::map({{"file", ::testing::TempDir()}}));
  EXPECT_EQ(helper.get("/").status, 404);
  EXPECT_EQ(helper.get("/").body, "404 Not Found\n");
}

}  // namespace
}  // namespace berth::test
