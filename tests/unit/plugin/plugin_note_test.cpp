#include "plugin/plugin_note.h"

#include <gtest/gtest.h>

#include <string>

namespace berth::plugin {
namespace {

constexpr const char* kComplete =
    "format=1\nsdk=0.1.0\nabi=0.1\nname=hello\nversion=1.2.3\nkinds=hello,body\n"
    "middleware=gate\n"
    "compiler=gcc 12.2.0\ncxxabi=libstdc++ cxx11\nsanitizer=none\narch=x86_64\nglibc=2.36\n"
    "git=v1.2.3-4-gabcdef\n";

TEST(PluginNote, ReadsEveryKey) {
  const auto note = parse_note(kComplete);
  ASSERT_TRUE(note.ok()) << note.error().text;
  EXPECT_EQ(note->sdk, "0.1.0");
  EXPECT_EQ(note->abi_major, 0u);
  EXPECT_EQ(note->abi_minor, 1u);
  EXPECT_EQ(note->name, "hello");
  EXPECT_EQ(note->version, "1.2.3");
  EXPECT_EQ(note->kinds, (std::vector<std::string>{"hello", "body"}));
  EXPECT_EQ(note->middleware, (std::vector<std::string>{"gate"}));
  EXPECT_EQ(note->compiler, "gcc 12.2.0");
  EXPECT_EQ(note->cxxabi, "libstdc++ cxx11");
  EXPECT_EQ(note->sanitizer, "none");
  EXPECT_EQ(note->arch, "x86_64");
  EXPECT_EQ(note->glibc, "2.36");
  EXPECT_EQ(note->git, "v1.2.3-4-gabcdef");
}

TEST(PluginNote, LeavesOutKeysOfALaterSdkAndPadding) {
  const auto note = parse_note(std::string(kComplete) + "colour=blue\n" + std::string(3, '\0'));
  ASSERT_TRUE(note.ok()) << note.error().text;
  EXPECT_EQ(note->name, "hello");
}

struct Refusal {
  const char* descriptor;
  base::ErrorCode code;
  const char* text;  // part of it
};

TEST(PluginNote, EachRefusalNamesWhatIsWrong) {
  using base::ErrorCode;
  const Refusal table[] = {
      {"", ErrorCode::kCorrupt, "\"format\" is missing"},
      {"format=1", ErrorCode::kCorrupt, "last line has no end"},
      {"format\n", ErrorCode::kCorrupt, "\"format\" is not KEY=VALUE"},
      {"=1\n", ErrorCode::kCorrupt, "\"=1\" is not KEY=VALUE"},
      {"format=2\nwhatever=3\n", ErrorCode::kIncompatible,
       "has format 2, this host reads format 1"},
      {"format=1\nformat=1\n", ErrorCode::kCorrupt, "\"format\" stands there twice"},
      {"format=1\n", ErrorCode::kCorrupt, "\"sdk\" is missing"},
      {"format=1\nsdk=0.1.0\nabi=0.1\nversion=1\nsanitizer=none\n", ErrorCode::kCorrupt,
       "\"name\" is missing"},
      {"format=1\nsdk=0.1.0\nabi=0.1\nname=\nversion=1\nsanitizer=none\n", ErrorCode::kCorrupt,
       "\"name\" is missing"},
      {"format=1\nsdk=0.1.0\nabi=one\nname=a\nversion=1\nsanitizer=none\n", ErrorCode::kCorrupt,
       "abi=one is not MAJOR.MINOR"},
      {"format=1\nsdk=0.1.0\nabi=0.-1\nname=a\nversion=1\nsanitizer=none\n", ErrorCode::kCorrupt,
       "abi=0.-1 is not MAJOR.MINOR"},
      {"format=1\nname=\x1b[31m\n", ErrorCode::kCorrupt, "control bytes"},
  };
  for (const Refusal& row : table) {
    const auto note = parse_note(row.descriptor);
    ASSERT_FALSE(note.ok()) << row.descriptor;
    EXPECT_EQ(note.error().code, row.code) << row.descriptor;
    EXPECT_NE(note.error().text.find(row.text), std::string::npos) << note.error().text;
  }
}

}  // namespace
}  // namespace berth::plugin
