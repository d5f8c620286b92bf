#include "app/stored_generation.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace berth::app {
namespace {

using base::ErrorCode;

const std::string kDigest(64, 'a');

Manifest example() {
  return {{.number = std::numeric_limits<std::int64_t>::max(),
           .origin = "rollback to 3",
           .made_at = 1'700'000'000,
           .configuration = "/srv/\"quoted\"/berth.yaml",
           .plugins = {{"hello", "/srv/hello.so", kDigest, "0123abcd", "1.2.3"},
                       {"echo", "./echo.so", std::string(64, '0'), "", ""}}},
          std::string(64, 'f')};
}

TEST(StoredGeneration, AManifestIsReadAsItWasWritten) {
  const Manifest manifest = example();
  const auto read = parse_manifest(manifest_text(manifest));
  ASSERT_TRUE(read.ok()) << read.error().text;
  EXPECT_EQ(read->generation, manifest.generation);
  EXPECT_EQ(read->recording_sha256, manifest.recording_sha256);
}

TEST(StoredGeneration, PinsAreReadAsTheyWereWritten) {
  const std::vector<Pin> pins{{"hello", kDigest, "0123"}, {"echo", std::string(64, '1'), ""}};
  EXPECT_EQ(parse_pins(pins_text(pins)).value(), pins);
  EXPECT_EQ(parse_pins(pins_text({})).value(), std::vector<Pin>());
}

// In place of a part of the example.
struct Damage {
  const char* what;
  const char* with;
  ErrorCode code;
};

TEST(StoredGeneration, WhatIsNotAManifestIsRefused) {
  const std::string text = manifest_text(example());
  for (const Damage& damage : {
           Damage{"\"format\": 1", "\"format\": 2", ErrorCode::kIncompatible},
           Damage{"\"format\": 1", "\"format\": \"x\"", ErrorCode::kCorrupt},
           Damage{"\"number\"", "\"nomber\"", ErrorCode::kCorrupt},
           Damage{"9223372036854775807", "\"many\"", ErrorCode::kCorrupt},
           Damage{"9223372036854775807", "-1", ErrorCode::kCorrupt},
           Damage{"aaaa\"", "AAAA\"", ErrorCode::kCorrupt},
           Damage{"aaaa\"", "aaa\"", ErrorCode::kCorrupt},
           Damage{"ffff\"", "../x\"", ErrorCode::kCorrupt},
           Damage{"\"plugins\": [", "\"plugins\": [ 1,", ErrorCode::kCorrupt},
           Damage{"\"plugins\"", "\"plugs\"", ErrorCode::kCorrupt},
           Damage{"\"alias\": \"hello\"", "\"alias\": {}", ErrorCode::kCorrupt},
       }) {
    std::string damaged = text;
    const std::size_t at = damaged.find(damage.what);
    ASSERT_NE(at, std::string::npos) << damage.what;
    damaged.replace(at, std::string(damage.what).size(), damage.with);
    const auto read = parse_manifest(damaged);
    ASSERT_FALSE(read.ok()) << damage.with;
    EXPECT_EQ(read.error().code, damage.code) << damage.with;
  }
  for (std::size_t length = 0; length + 1 < text.size(); ++length) {
    EXPECT_FALSE(parse_manifest(text.substr(0, length)).ok()) << length;
  }
  for (const std::string other : {"", "[]", "null", "1", "{}", "\"x\"", "\xFF\xFE"}) {
    EXPECT_FALSE(parse_manifest(other).ok()) << other;
    EXPECT_FALSE(parse_pins(other).ok()) << other;
  }
  EXPECT_FALSE(parse_manifest(std::string(100'000, '[')).ok());
}

}  // namespace
}  // namespace berth::app
