#include "base/whole_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>

#include "support/temporary_folder.h"

namespace berth::base {
namespace {

class WholeFile : public testing::Test {
 protected:
  [[nodiscard]] std::string path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }

  test::TemporaryFolder folder_;
};

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

TEST_F(WholeFile, AFileIsMadeWithItsModeAndReplacedInOneStep) {
  ASSERT_TRUE(replace_file(path("a"), "one", 0604).ok());
  EXPECT_EQ(mode_of(path("a")), 0604U);
  ASSERT_TRUE(replace_file(path("a"), "two", 0600).ok());
  EXPECT_EQ(read_private_file(path("a"), 3).value(), "two");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(WholeFile, ANewFileIsNotWrittenOverAnother) {
  ASSERT_TRUE(write_new_file(path("a"), "one", 0600).ok());
  const auto again = write_new_file(path("a"), "two", 0600);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kAlreadyInUse);
  EXPECT_EQ(read_private_file(path("a"), 100).value(), "one");
}

// With a limit of the size of files in the place of a full disk.
TEST_F(WholeFile, WhereThereIsNoRoomTheOldFileStaysAndNothingIsLeft) {
  ASSERT_TRUE(replace_file(path("a"), "old", 0600).ok());
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const auto replaced = replace_file(path("a"), std::string(2000, 'x'), 0600);
    const auto made = write_new_file(path("b"), std::string(2000, 'x'), 0600);
    const bool refused = !replaced && replaced.error().code == ErrorCode::kExhausted && !made &&
                         made.error().text == "cannot write " + path("b") + ": File too large";
    ::_exit(refused ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_private_file(path("a"), 100).value(), "old");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(WholeFile, OnlyAFileThatNobodyElseCouldHaveWrittenIsRead) {
  ASSERT_TRUE(replace_file(path("group"), "x", 0620).ok());
  ASSERT_TRUE(replace_file(path("all"), "x", 0602).ok());
  ASSERT_TRUE(replace_file(path("mine"), "xyz", 0444).ok());
  ASSERT_EQ(::symlink("mine", path("link").c_str()), 0);
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  const auto code = [this](const char* name, std::uint64_t bytes) {
    const auto read = read_private_file(path(name), bytes);
    return read ? ErrorCode::kSystem : read.error().code;
  };
  EXPECT_EQ(read_private_file(path("mine"), 3).value(), "xyz");
  EXPECT_EQ(code("mine", 2), ErrorCode::kExhausted);
  EXPECT_EQ(code("group", 9), ErrorCode::kPermission);
  EXPECT_EQ(code("all", 9), ErrorCode::kPermission);
  EXPECT_EQ(code("absent", 9), ErrorCode::kNotFound);
  EXPECT_EQ(code("fifo", 9), ErrorCode::kInvalidArgument);
  EXPECT_FALSE(read_private_file(path("link"), 9).ok());
}

TEST_F(WholeFile, AFolderIsMadeWithThoseAboveItAndIsOurs) {
  ASSERT_TRUE(make_private_folder(path("a/b/c")).ok());
  EXPECT_EQ(mode_of(path("a/b/c")), 0700U);
  ASSERT_TRUE(make_private_folder(path("a/b/c")).ok());
  ASSERT_EQ(::chmod(path("a/b").c_str(), 0770), 0);
  const auto refused = make_private_folder(path("a/b"));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kPermission);
  ASSERT_EQ(::symlink("a", path("link").c_str()), 0);
  EXPECT_FALSE(make_private_folder(path("link")).ok());
  ASSERT_TRUE(write_new_file(path("file"), "", 0600).ok());
  EXPECT_FALSE(make_private_folder(path("file/below")).ok());
}

}  // namespace
}  // namespace berth::base
