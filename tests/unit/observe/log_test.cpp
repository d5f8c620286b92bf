#include "observe/log.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "observe/access_log.h"
#include "unit/observe/log_fixture.h"

namespace berth::observe {
namespace {

using testing::kPlenty;

class LogTest : public testing::FolderTest {
 protected:
  std::unique_ptr<Log> open(const std::string& name, Level level = Level::kInfo,
                            LogFormat format = LogFormat::kText) {
    auto log =
        Log::open({.level = level, .format = format, .writer = {.output = path(name)}}, clock_);
    EXPECT_TRUE(log.ok()) << log.error().text;
    return log ? std::move(*log) : nullptr;
  }
};

TEST_F(LogTest, WritesTextAndJson) {
  const auto text = open("text");
  text->info("listening", {{"port", 8080}});
  const auto json = open("json", Level::kInfo, LogFormat::kJson);
  json->error("bad \"thing\"", {{"why", "x\ny"}});
  ASSERT_TRUE(text->stop(kPlenty));
  ASSERT_TRUE(json->stop(kPlenty));
  EXPECT_EQ(content(path("text")), "2026-01-02T03:00:00.000Z info listening port=8080\n");
  EXPECT_EQ(content(path("json")),
            "{\"time\":\"2026-01-02T03:00:00.000Z\",\"level\":\"error\","
            "\"message\":\"bad \\\"thing\\\"\",\"why\":\"x\\u000ay\"}\n");
}

TEST_F(LogTest, LevelsBelowTheSetOneAreLeftOut) {
  const auto log = open("log", Level::kWarn);
  log->debug("no");
  log->info("no");
  log->warn("warned");
  log->error("failed");
  EXPECT_FALSE(log->enabled(Level::kInfo));
  log->set_level(Level::kDebug);
  log->debug("now");
  ASSERT_TRUE(log->stop(kPlenty));
  EXPECT_EQ(content(path("log")),
            "2026-01-02T03:00:00.000Z warn warned\n"
            "2026-01-02T03:00:00.000Z error failed\n"
            "2026-01-02T03:00:00.000Z debug now\n");
}

TEST(Level, NamesReadBack) {
  for (const Level level : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError}) {
    EXPECT_EQ(parse_level(name(level)), level);
  }
  EXPECT_EQ(parse_level("INFO"), std::nullopt);
  EXPECT_EQ(parse_level(""), std::nullopt);
}

TEST_F(LogTest, AnErrorOfTheOutputIsToldAtOpen) {
  const auto log = Log::open({.writer = {.output = path("missing/log")}}, clock_);
  EXPECT_FALSE(log.ok());
}

TEST_F(LogTest, LostAccessLinesAreAWarningInTheLog) {
  const auto log = open("log");
  auto access = AccessLog::open({.writer = {.output = "/dev/full"}}, *log, clock_);
  ASSERT_TRUE(access.ok());
  (*access)->write({.method = "GET", .target = "/", .status = 200});
  (*access)->write({.method = "GET", .target = "/", .status = 200});
  ASSERT_TRUE((*access)->stop(kPlenty));
  EXPECT_EQ((*access)->lost(), 2U);
  ASSERT_TRUE(log->stop(kPlenty));
  EXPECT_NE(content(path("log")).find("warn access log lines were lost output_slow=0 not_written="),
            std::string::npos);
  EXPECT_NE(content(path("log")).find("why=\"No space left on device\""), std::string::npos);
}

TEST_F(LogTest, ALogThatLosesItsOwnLinesStillStops) {
  auto log = Log::open({.writer = {.output = "/dev/full"}}, clock_);
  ASSERT_TRUE(log.ok());
  (*log)->info("lost");
  ASSERT_TRUE((*log)->flush(kPlenty));
  ASSERT_TRUE((*log)->flush(kPlenty));
  EXPECT_TRUE((*log)->stop(kPlenty));
  EXPECT_GE((*log)->lost(), 2U);  // the line and the warning about it
}

TEST_F(LogTest, AccessLinesGoToTheirOwnFile) {
  const auto log = open("log");
  auto access = AccessLog::open(
      {.format = AccessFormat::kJson, .writer = {.output = path("access")}}, *log, clock_);
  ASSERT_TRUE(access.ok());
  (*access)->write({.method = "GET", .target = "/", .status = 204});
  ASSERT_TRUE((*access)->stop(kPlenty));
  EXPECT_EQ(content(path("access")),
            "{\"time\":\"1970-01-01T00:00:00.000Z\",\"method\":\"GET\",\"target\":\"/\","
            "\"status\":204,\"bytes\":0,\"duration_seconds\":0}\n");
}

}  // namespace
}  // namespace berth::observe
