#include "observe/access_text.h"

#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

namespace berth::observe {
namespace {

using namespace std::chrono_literals;

AccessRecord record() {
  return {.remote_address = "203.0.113.7",
          .method = "GET",
          .target = "/hello/x?q=1",
          .protocol = "HTTP/1.1",
          .status = 200,
          .bytes = 13,
          .duration = 123us,
          .referer = "",
          .user_agent = "curl/7.88.1",
          .route = "GET /hello/{name}",
          .time = std::chrono::sys_days{2026y / 1 / 2} + 3h + 4min + 5s + 678ms};
}

std::string combined(const AccessRecord& what) {
  LineBuffer line;
  format_combined(line, what);
  return std::string(line.text());
}

std::string json(const AccessRecord& what) {
  LineBuffer line;
  format_access_json(line, what);
  return std::string(line.text());
}

TEST(AccessText, CombinedFormat) {
  EXPECT_EQ(combined(record()),
            "203.0.113.7 - - [02/Jan/2026:03:04:05 +0000] \"GET /hello/x?q=1 HTTP/1.1\" 200 13 "
            "\"-\" \"curl/7.88.1\"\n");
}

TEST(AccessText, CombinedHasItsColumnsWithoutARequest) {
  EXPECT_EQ(combined({.status = 400}),
            "- - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 0 \"-\" \"-\"\n");
}

TEST(AccessText, ARequestIdStandsBehindAllElse) {
  AccessRecord with_id = record();
  with_id.request_id = "a\"1";
  EXPECT_TRUE(combined(with_id).ends_with(" 200 13 \"-\" \"curl/7.88.1\" \"a\\x221\"\n"));
  EXPECT_TRUE(json(with_id).ends_with(",\"request_id\":\"a\\\"1\"}\n"));
}

TEST(AccessText, CombinedCannotBeBrokenOutOf) {
  AccessRecord hostile = record();
  hostile.remote_address = "1.2.3.4 - admin";
  hostile.target = "/\" 200 0\r\n";
  hostile.user_agent = "\x1b]0;title\a\\";
  EXPECT_EQ(combined(hostile),
            "- - - [02/Jan/2026:03:04:05 +0000] \"GET /\\x22 200 0\\x0D\\x0A HTTP/1.1\" 200 13 "
            "\"-\" \"\\x1B]0;title\\x07\\x5C\"\n");
}

TEST(AccessText, Json) {
  EXPECT_EQ(json(record()),
            "{\"time\":\"2026-01-02T03:04:05.678Z\",\"remote\":\"203.0.113.7\",\"method\":\"GET\","
            "\"target\":\"/hello/x?q=1\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes\":13,"
            "\"duration_seconds\":0.000123,\"user_agent\":\"curl/7.88.1\","
            "\"route\":\"GET /hello/{name}\"}\n");
}

TEST(AccessText, EveryTextMayBeTooLongAtOnce) {
  const std::string large(100000, '"');
  AccessRecord what = record();
  for (std::string_view* text : {&what.remote_address, &what.method, &what.target, &what.protocol,
                                 &what.referer, &what.user_agent, &what.route, &what.request_id}) {
    *text = large;
  }
  for (const std::string& line : {combined(what), json(what)}) {
    EXPECT_LE(line.size(), LineBuffer::kCapacity);
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    EXPECT_EQ(line.back(), '\n');
    EXPECT_NE(line.find("..."), std::string::npos);
  }
  const auto parsed = Poco::JSON::Parser().parse(json(what));
  const auto object = parsed.extract<Poco::JSON::Object::Ptr>();
  EXPECT_EQ(object->getValue<std::string>("referer"), std::string(510, '"') + "...");
}

}  // namespace
}  // namespace berth::observe
