#include "plugin/plugin_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <string>

#include "scratch_folder.h"

namespace berth::plugin {
namespace {

TrustPolicy own() { return process_policy(false); }

TEST(PluginFile, ReadsAllBytes) {
  const ScratchFolder scratch;
  write_bytes(scratch.path("a.so"), "some bytes");
  const auto file = read_plugin_file(scratch.path("a.so"), own());
  ASSERT_TRUE(file.ok()) << file.error().text;
  EXPECT_EQ(file->bytes, "some bytes");
  EXPECT_TRUE(file->trust.ok());
}

TEST(PluginFile, FollowsLinksAndJudgesTheFileBehindThem) {
  const ScratchFolder scratch;
  write_bytes(scratch.path("real.so"), "bytes", 0666);
  ASSERT_EQ(symlink("real.so", scratch.path("link.so").c_str()), 0);
  const auto file = read_plugin_file(scratch.path("link.so"), own());
  ASSERT_TRUE(file.ok()) << file.error().text;
  ASSERT_FALSE(file->trust.ok());
  EXPECT_NE(file->trust.error().text.find("anybody may write the file"), std::string::npos);
}

TEST(PluginFile, JudgesTheFolderBehindALinkToo) {
  const ScratchFolder scratch;
  ASSERT_EQ(mkdir(scratch.path("open").c_str(), 0700), 0);
  ASSERT_EQ(chmod(scratch.path("open").c_str(), 0777), 0);
  write_bytes(scratch.path("open/real.so"), "bytes");
  ASSERT_EQ(symlink("open/real.so", scratch.path("link.so").c_str()), 0);
  const auto file = read_plugin_file(scratch.path("link.so"), own());
  ASSERT_TRUE(file.ok()) << file.error().text;
  ASSERT_FALSE(file->trust.ok());
  EXPECT_NE(file->trust.error().text.find("its folder has mode 0777"), std::string::npos);
}

TEST(PluginFile, RefusesWhatIsNoFileOrTooLarge) {
  const ScratchFolder scratch;
  ASSERT_EQ(mkfifo(scratch.path("fifo").c_str(), 0600), 0);
  write_bytes(scratch.path("large.so"), "eleven byte");
  struct Row {
    std::string path;
    base::ErrorCode code;
    const char* text;
  };
  const Row table[] = {
      {scratch.path("absent.so"), base::ErrorCode::kNotFound, "cannot open the file"},
      {scratch.path(), base::ErrorCode::kInvalidArgument, "it is a folder"},
      {scratch.path("fifo"), base::ErrorCode::kInvalidArgument, "not a regular file"},
      {scratch.path("large.so"), base::ErrorCode::kExhausted, "has 11 bytes, a plugin may have 10"},
  };
  for (const Row& row : table) {
    const auto file = read_plugin_file(row.path, own(), 10);
    ASSERT_FALSE(file.ok()) << row.path;
    EXPECT_EQ(file.error().code, row.code) << file.error().text;
    EXPECT_NE(file.error().text.find(row.text), std::string::npos) << file.error().text;
  }
}

TEST(PluginFile, AFileThatGrewOrWasWrittenHasChanged) {
  struct stat before {};
  before.st_size = 10;
  before.st_mtim = {100, 5};
  struct stat after = before;
  EXPECT_TRUE(unchanged(before, after));
  after.st_mtim.tv_nsec = 6;
  EXPECT_FALSE(unchanged(before, after));
  after = before;
  after.st_mtim.tv_sec = 101;
  EXPECT_FALSE(unchanged(before, after));
  after = before;
  after.st_size = 11;
  EXPECT_FALSE(unchanged(before, after));
}

}  // namespace
}  // namespace berth::plugin
