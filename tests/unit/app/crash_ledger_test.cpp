#include "app/crash_ledger.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "base/whole_file.h"
#include "support/temporary_folder.h"

namespace berth::app {
namespace {

using namespace std::chrono_literals;
using Kind = LedgerEntry::Kind;

std::string line(const LedgerEntry& entry) {
  std::array<char, base::limits::kLedgerLine> room;
  return {room.data(), format_entry(entry, room)};
}

std::string crash(std::int64_t time, std::string_view alias, std::string_view image,
                  Kind kind = Kind::kCrash) {
  return line({.kind = kind, .time = time, .alias = alias, .image = image});
}

std::string request_crash(std::string_view target, std::string_view pattern = "GET /{x}") {
  return line({.time = 1,
               .alias = "app",
               .image = "ab12",
               .fingerprint = fingerprint_of("GET", target),
               .pattern = pattern});
}

CrashHistory::Verdict judge(std::string text, std::string_view image = "ab12",
                            config::Quarantine rule = {}) {
  return CrashHistory::parse(std::move(text)).judge("app", image, rule);
}

TEST(CrashLedger, AnEntryIsALine) {
  EXPECT_EQ(line({.time = 1767323045,
                  .alias = "app",
                  .image = "ab12",
                  .fingerprint = 0xfeed,
                  .pattern = "GET /users/{id}"}),
            "crash 1767323045 app ab12 feed GET /users/{id}\n");
  EXPECT_EQ(crash(7, "app", ""), "crash 7 app - 0 -\n");
  EXPECT_EQ(line({.kind = Kind::kRelease, .time = 7, .alias = "app"}), "release 7 app - 0 -\n");
}

TEST(CrashLedger, NothingInATextEndsTheLineOrAWord) {
  EXPECT_EQ(line({.alias = "a b\nc", .pattern = "GET /\n\r\tx\x01"}), "crash 0 abc - 0 GET /x\n");
}

TEST(CrashLedger, AnEntryIsCutToItsRoomAndStaysALine) {
  const LedgerEntry entry{.time = 1767323045, .alias = "app", .pattern = "GET /"};
  std::array<char, 32> room;
  for (std::size_t size = 0; size <= room.size(); ++size) {
    const std::size_t used = format_entry(entry, std::span(room).first(size));
    ASSERT_LE(used, size);
    if (size > 0) {
      EXPECT_EQ(room[used - 1], '\n');
    }
  }
}

TEST(Quarantine, BeginsWithAsManyCrashesInThatTimeAsTheRuleSays) {
  EXPECT_FALSE(judge("").quarantined);
  EXPECT_FALSE(judge(crash(0, "app", "ab12") + crash(60, "app", "ab12")).quarantined);
  const auto verdict =
      judge(crash(0, "app", "ab12") + crash(30, "app", "ab12") + crash(60, "app", "ab12"));
  EXPECT_TRUE(verdict.quarantined);
  EXPECT_EQ(verdict.crashes, 3U);
  EXPECT_EQ(verdict.last, 60);
  EXPECT_FALSE(judge(crash(0, "app", "ab12") + crash(30, "app", "ab12") + crash(61, "app", "ab12"))
                   .quarantined);
  EXPECT_TRUE(judge(crash(0, "app", "ab12"), "ab12", {.crashes = 1, .within = 60s}).quarantined);
}

TEST(Quarantine, OtherPluginsAndOtherImagesDoNotCount) {
  const std::string crashes =
      crash(0, "app", "ab12") + crash(1, "other", "ab12") + crash(2, "app", "cd34");
  EXPECT_FALSE(judge(crashes).quarantined);
  EXPECT_FALSE(judge(crashes + crash(3, "app", "ab12")).quarantined);
  EXPECT_TRUE(judge(crashes + crash(3, "app", "ab12") + crash(4, "app", "ab12")).quarantined);
}

TEST(Quarantine, StaysHoweverLongAgoItWasUntilTheImageIsAnother) {
  const std::string crashes = crash(0, "app", "ab12") + crash(1, "app", "ab12") +
                              crash(2, "app", "ab12") + crash(90'000, "other", "ab12");
  EXPECT_TRUE(judge(crashes).quarantined);
  EXPECT_FALSE(judge(crashes, "cd34").quarantined);
}

TEST(Quarantine, EndsWithARelease) {
  const std::string before = crash(0, "app", "ab12") + crash(1, "app", "ab12") +
                             crash(2, "app", "ab12") +
                             line({.kind = Kind::kRelease, .time = 3, .alias = "app"});
  EXPECT_FALSE(judge(before).quarantined);
  EXPECT_FALSE(judge(before + crash(4, "app", "ab12") + crash(5, "app", "ab12")).quarantined);
  EXPECT_TRUE(
      judge(before + crash(4, "app", "ab12") + crash(5, "app", "ab12") + crash(6, "app", "ab12"))
          .quarantined);
}

TEST(Quarantine, IsNoneWhereTheRuleIsOff) {
  const std::string crashes =
      crash(0, "app", "ab12") + crash(1, "app", "ab12") + crash(2, "app", "ab12");
  EXPECT_FALSE(judge(crashes, "ab12", {.crashes = 0, .within = 60s}).quarantined);
}

TEST(Quarantine, OneCorruptHeapIsNotEnoughHoweverStrictTheRule) {
  const config::Quarantine strict{.crashes = 1, .within = 60s};
  EXPECT_FALSE(judge(crash(0, "app", "ab12", Kind::kSuspect), "ab12", strict).quarantined);
  EXPECT_TRUE(
      judge(crash(0, "app", "ab12", Kind::kSuspect) + crash(1, "app", "ab12", Kind::kSuspect),
            "ab12", strict)
          .quarantined);
}

TEST(Quarantine, MalformedLinesAreLeftOut) {
  const std::string noise =
      "\n\ncrash\ncrash x app ab12 0 -\ncrash 1 - ab12 0 -\nCRASH 1 app ab12 0 -\n"
      "crash 1 app ab12 zz -\ncrash 99999999999999999999 app ab12 0 -\n";
  EXPECT_FALSE(judge(noise + noise).quarantined);
  EXPECT_TRUE(judge(crash(0, "app", "ab12") + noise + crash(1, "app", "ab12") + noise +
                    crash(2, "app", "ab12"))
                  .quarantined);
  EXPECT_FALSE(
      judge(crash(0, "app", "ab12") + crash(1, "app", "ab12") + "crash 2 app ab12 0 -").quarantined)
      << "somebody is still writing the last one";
}

TEST(Poison, IsARequestThatCrashedTheImageTwice) {
  const auto poison = [](std::string text, std::string_view image = "ab12") {
    return CrashHistory::parse(std::move(text)).poison("app", image);
  };
  EXPECT_TRUE(poison(request_crash("/a") + request_crash("/b")).empty());
  const std::string twice = request_crash("/a") + request_crash("/b") + request_crash("/a");
  const auto found = poison(twice);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.begin()->first, "GET /{x}");
  EXPECT_EQ(found.begin()->second, std::set{fingerprint_of("GET", "/a")});
  EXPECT_TRUE(poison(twice, "cd34").empty()) << "another image";
  EXPECT_TRUE(poison(twice + line({.kind = Kind::kRelease, .time = 3, .alias = "app"})).empty());
  EXPECT_TRUE(poison(request_crash("/a") + request_crash("/a", "POST /{x}")).empty());
  EXPECT_TRUE(poison(crash(0, "app", "ab12") + crash(1, "app", "ab12")).empty())
      << "crashes outside of requests";
}

TEST(Poison, AFingerprintTellsMethodAndTargetApart) {
  EXPECT_NE(fingerprint_of("GET", "/a"), fingerprint_of("GET", "/b"));
  EXPECT_NE(fingerprint_of("GET", "/a"), fingerprint_of("PUT", "/a"));
  EXPECT_NE(fingerprint_of("GE", "T/a"), fingerprint_of("GET", "/a"));
  EXPECT_EQ(fingerprint_of("GET", "/a?b"), fingerprint_of("GET", "/a?b"));
}

struct LedgerFile : ::testing::Test {
  [[nodiscard]] CrashLedger open() const {
    auto ledger = CrashLedger::open(path);
    EXPECT_TRUE(ledger) << (ledger ? "" : ledger.error().text);
    return std::move(*ledger);
  }
  void append(const CrashLedger& ledger, int times) const {
    for (int i = 0; i < times; ++i) {
      ASSERT_TRUE(ledger.append({.time = i, .alias = "app", .image = "ab12"}));
    }
  }
  [[nodiscard]] bool quarantined(const CrashLedger& ledger) const {
    return ledger.history().judge("app", "ab12", {}).quarantined;
  }

  test::TemporaryFolder folder;
  const std::string path = folder.path() + "/crashes";
};

TEST_F(LedgerFile, RemembersFromOneProcessToTheNext) {
  append(open(), 2);
  const CrashLedger ledger = open();
  EXPECT_FALSE(quarantined(ledger));
  append(ledger, 1);
  EXPECT_TRUE(quarantined(ledger));
  EXPECT_TRUE(quarantined(open()));
}

TEST_F(LedgerFile, IsReadByItsOwnerAlone) {
  append(open(), 1);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  const auto refused = CrashLedger::open(path);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kPermission);
}

TEST_F(LedgerFile, KeepsItsNewestEntriesOnly) {
  const CrashLedger before = open();
  append(before, static_cast<int>(base::limits::kLedgerEntries) + 10);
  const CrashLedger ledger = open();
  const auto text = base::read_private_file(path, 1'000'000);
  ASSERT_TRUE(text);
  EXPECT_EQ(static_cast<std::size_t>(std::count(text->begin(), text->end(), '\n')),
            base::limits::kLedgerEntries);
  EXPECT_EQ(text->find("crash 10 app"), 0U);
}

TEST_F(LedgerFile, WhatAHostAppendsIsKnownToOneThatHasShortenedItSince) {
  const CrashLedger serving = open();
  append(serving, static_cast<int>(base::limits::kLedgerEntries) + 1);
  const CrashLedger standby = open();
  ASSERT_TRUE(serving.append({.time = 1, .alias = "new", .image = "cd34"}));
  EXPECT_TRUE(standby.history().judge("new", "cd34", {.crashes = 1, .within = {}}).quarantined);
}

TEST_F(LedgerFile, ALineThatFoundNoRoomDoesNotTakeTheNextOneWithIt) {
  append(open(), 2);
  std::ofstream(path, std::ios::app) << "crash 17 ap";
  const CrashLedger ledger = open();
  append(ledger, 1);
  EXPECT_TRUE(quarantined(ledger));
}

}  // namespace
}  // namespace berth::app
