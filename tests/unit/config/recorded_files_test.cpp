#include "config/recorded_files.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "config/dump.h"
#include "config/load.h"
#include "support/memory_files.h"

namespace berth::config {
namespace {

const std::map<std::string, std::string> kSite{
    {"berth.yaml",
     "include: [conf.d/*.yaml, none/*.yaml]\nlisten: [{ name: a, address: '${HOST}:0' }]\n"},
    {"conf.d/a.yaml", "plugins: { p: { file: ./p.so } }\n"},
    {"conf.d/b.yaml", "routes: [{ pattern: /, handler: p }]\n"},
};

Environment host(const char* address) {
  return Environment(Environment::Variables{{"HOST", address}});
}

// A provider whose folders cannot be read and whose files change at each look.
class Unsteady final : public FileProvider {
 public:
  base::Result<ProvidedFile, Diagnostic> read(const std::string& path) override {
    ++reads;
    if (path == "absent") return base::fail(Diagnostic{{path, 0, 0}, "not there", {}, "make it"});
    return ProvidedFile{std::to_string(reads), "id", {{{path, 0, 0}, "a warning", {}, {}}}};
  }
  base::Result<std::vector<std::string>> match(const std::string&, const std::string&) override {
    return base::fail(base::ErrorCode::kPermission, "no entry " + std::to_string(++matches));
  }
  int reads = 0;
  int matches = 0;
};

TEST(RecordedFiles, AReplayIsTheConfigurationThatWasRead) {
  test::MemoryFiles disk(kSite);
  RecordedFiles recorded(disk);
  const Loaded first = load("berth.yaml", recorded, host("127.0.0.1"));
  ASSERT_TRUE(first.configuration.has_value()) << first.diagnostics.render();
  const auto recording = parse_recording(serialise(recorded.recording()));
  ASSERT_TRUE(recording.ok()) << recording.error().text;
  EXPECT_EQ(*recording, recorded.recording());
  ASSERT_EQ(recording->files.size(), 3U);
  EXPECT_EQ(recording->files.front().path, "berth.yaml");

  ReplayedFiles replayed(*recording);
  const Loaded again = load("berth.yaml", replayed, host("127.0.0.1"));
  ASSERT_TRUE(again.configuration.has_value()) << again.diagnostics.render();
  EXPECT_EQ(dump(*again.configuration), dump(*first.configuration));
}

TEST(RecordedFiles, TheEnvironmentIsNoPartOfIt) {
  test::MemoryFiles disk(kSite);
  RecordedFiles recorded(disk);
  ASSERT_TRUE(load("berth.yaml", recorded, host("127.0.0.1")).configuration.has_value());
  EXPECT_EQ(serialise(recorded.recording()).find("127.0.0.1"), std::string::npos);
  ReplayedFiles replayed(recorded.recording());
  const Loaded again = load("berth.yaml", replayed, host("127.0.0.2"));
  ASSERT_TRUE(again.configuration.has_value());
  EXPECT_EQ(again.configuration->listeners[0].address.text(), "127.0.0.2:0");
}

TEST(RecordedFiles, WhatWasReadOnceIsNotReadAgain_F49) {
  Unsteady disk;
  RecordedFiles recorded(disk);
  const auto first = recorded.read("a");
  EXPECT_EQ(first->text, "1");
  EXPECT_EQ(first->warnings.size(), 1U);
  EXPECT_EQ(recorded.read("a")->text, "1");
  EXPECT_TRUE(recorded.read("a")->warnings.empty());  // said once
}

TEST(RecordedFiles, FailuresAreRepeatedToo) {
  Unsteady disk;
  RecordedFiles recorded(disk);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(recorded.read("absent").error().what, "not there");
    EXPECT_EQ(recorded.match(".", "*").error().text, "no entry 1");
  }
  const auto recording = parse_recording(serialise(recorded.recording()));
  ASSERT_TRUE(recording.ok());
  ReplayedFiles replayed(*recording);
  EXPECT_EQ(replayed.read("absent").error().what, "not there");
  EXPECT_EQ(replayed.read("absent").error().help, "make it");
  EXPECT_EQ(replayed.read("absent").error().position.file, "absent");
  EXPECT_EQ(replayed.match(".", "*").error().text, "no entry 1");
  EXPECT_EQ(disk.reads, 1);
  EXPECT_EQ(disk.matches, 1);
}

TEST(RecordedFiles, WhatWasNotRecordedIsNotThere) {
  const Recording recording;
  ReplayedFiles replayed(recording);
  EXPECT_EQ(replayed.read("a").error().what, "it is not among the recorded files");
  EXPECT_EQ(replayed.match(".", "*").error().code, base::ErrorCode::kNotFound);
}

TEST(RecordedFiles, EveryCutAndEveryChangedLengthIsRefused) {
  test::MemoryFiles disk(kSite);
  RecordedFiles recorded(disk);
  ASSERT_TRUE(load("berth.yaml", recorded, host("127.0.0.1")).configuration.has_value());
  const std::string bytes = serialise(recorded.recording());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(parse_recording(bytes.substr(0, length)).ok()) << length;
  }
  EXPECT_FALSE(parse_recording(bytes + '\0').ok());
  std::string later = bytes;
  later[16] = 2;
  const auto refused = parse_recording(later);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kIncompatible);
  EXPECT_EQ(refused.error().text,
            "the recorded configuration has format 2, this berth reads format 1");
}

}  // namespace
}  // namespace berth::config
