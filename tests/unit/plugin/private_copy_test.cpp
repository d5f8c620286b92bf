#include "plugin/private_copy.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "scratch_folder.h"

namespace berth::plugin {
namespace {

PluginFile file_of(const std::string& path, const std::string& bytes) {
  PluginFile file;
  file.path = path;
  file.bytes = bytes;
  return file;
}

TEST(PrivateCopy, HasANameOfItsOwnAndLeavesWithTheObject) {
  const ScratchFolder scratch;
  const auto folder = PrivateFolder::create(scratch.path());
  ASSERT_TRUE(folder.ok()) << folder.error().text;
  std::string path;
  {
    const auto copy = PrivateCopy::write(file_of("/srv/hel lo.so", "abc"), **folder);
    ASSERT_TRUE(copy.ok()) << copy.error().text;
    path = copy->path();
    // FIPS 180-4: SHA-256 of "abc".
    EXPECT_EQ(copy->digest(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(path, (*folder)->path() + "/hel_lo.1.ba7816bf8f01.so");
    EXPECT_EQ(read_bytes(path), "abc");
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0500u);
  }
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST(PrivateCopy, TheSameBytesTwiceAreTwoFiles) {
  const ScratchFolder scratch;
  const auto folder = PrivateFolder::create(scratch.path());
  ASSERT_TRUE(folder.ok());
  const auto first = PrivateCopy::write(file_of("a.so", "abc"), **folder);
  const auto second = PrivateCopy::write(file_of("a.so", "abc"), **folder);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first->path(), second->path());
}

TEST(PrivateCopy, MovesAndKeeps) {
  const ScratchFolder scratch;
  const auto folder = PrivateFolder::create(scratch.path());
  ASSERT_TRUE(folder.ok());
  std::string path;
  {
    auto copy = PrivateCopy::write(file_of("a.so", "abc"), **folder);
    ASSERT_TRUE(copy.ok());
    path = copy->path();
    PrivateCopy moved(std::move(*copy));
    EXPECT_EQ(moved.path(), path);
    moved.keep();
  }
  EXPECT_EQ(access(path.c_str(), F_OK), 0);
}

TEST(PrivateCopy, NothingIsLeftBehindWhereItCannotBeWritten) {
  const ScratchFolder scratch;
  const auto folder = PrivateFolder::create(scratch.path());
  ASSERT_TRUE(folder.ok());
  ASSERT_EQ(unlink(((*folder)->path() + "/lock").c_str()), 0);
  ASSERT_EQ(rmdir((*folder)->path().c_str()), 0);
  const auto copy = PrivateCopy::write(file_of("a.so", "abc"), **folder);
  ASSERT_FALSE(copy.ok());
  EXPECT_EQ(copy.error().code, base::ErrorCode::kNotFound);
}

}  // namespace
}  // namespace berth::plugin
