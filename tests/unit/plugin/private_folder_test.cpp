#include "plugin/private_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include <string>

#include "base/descriptor.h"
#include "scratch_folder.h"

namespace berth::plugin {
namespace {

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

TEST(StateFolder, FollowsTheRuleOfTheDesign) {
  struct Row {
    StateEnvironment environment;
    const char* folder;  // nullptr: refused
  };
  const Row table[] = {
      {{"/run/state", "/x", "/home/a", 1000}, "/run/state"},
      {{"/run/one:/run/two", "", "", 0}, "/run/one"},
      {{"", "/x", "/home/a", 0}, "/var/lib/berth"},
      {{"", "/x", "/home/a", 1000}, "/x/berth"},
      {{"", "relative", "/home/a", 1000}, "/home/a/.local/state/berth"},
      {{"", "", "/home/a", 1000}, "/home/a/.local/state/berth"},
      {{"", "", "", 1000}, nullptr},
  };
  for (const Row& row : table) {
    const auto folder = state_folder(row.environment);
    ASSERT_EQ(folder.ok(), row.folder != nullptr);
    if (folder.ok()) {
      EXPECT_EQ(*folder, row.folder);
    } else {
      EXPECT_NE(folder.error().text.find("set STATE_DIRECTORY"), std::string::npos);
    }
  }
}

TEST(CheckMount, ANoexecMountIsRefusedWithTheWayOut) {
  EXPECT_TRUE(check_mount(ST_RDONLY, "/srv").ok());
  const auto status = check_mount(ST_NOEXEC | ST_NOSUID, "/run/berth");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().text,
            "plugins cannot be loaded from /run/berth: it lies on a mount with noexec; set "
            "STATE_DIRECTORY to a folder on another one, such as /var/lib/berth");
}

TEST(PrivateFolder, IsOfThisProcessAndItsUserOnlyAndGoesWithTheObject) {
  const ScratchFolder scratch;
  std::string path;
  {
    const auto folder = PrivateFolder::create(scratch.path("a/b"));
    ASSERT_TRUE(folder.ok()) << folder.error().text;
    path = (*folder)->path();
    EXPECT_EQ(path, scratch.path("a/b/plugins/") + std::to_string(getpid()));
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0700u);
    EXPECT_EQ((*folder)->next_number(), 1u);
    EXPECT_EQ((*folder)->next_number(), 2u);
  }
  EXPECT_FALSE(exists(path));
}

TEST(PrivateFolder, ASecondOneOfTheSameProcessNumberGetsAnotherName) {
  const ScratchFolder scratch;
  const auto first = PrivateFolder::create(scratch.path());
  const auto second = PrivateFolder::create(scratch.path());
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ((*second)->path(), (*first)->path() + "-1");
  EXPECT_EQ((*second)->leftovers_removed(), 0u);
}

TEST(PrivateFolder, RemovesLeftoversOfTheDeadAndNothingElse) {
  const ScratchFolder scratch;
  for (const char* name : {"plugins", "plugins/99999999", "plugins/77777777", "plugins/notes"}) {
    ASSERT_EQ(mkdir(scratch.path(name).c_str(), 0700), 0);
  }
  write_bytes(scratch.path("plugins/99999999/lock"), "");
  write_bytes(scratch.path("plugins/99999999/hello.1.abc.so"), "old");
  write_bytes(scratch.path("plugins/77777777/lock"), "");
  write_bytes(scratch.path("plugins/77777777/hello.1.abc.so"), "in use");
  // Another process holds this one: flock() tells descriptions apart, not processes.
  const base::Descriptor holder(open(scratch.path("plugins/77777777/lock").c_str(), O_RDWR));
  ASSERT_EQ(flock(holder.get(), LOCK_EX), 0);

  const auto folder = PrivateFolder::create(scratch.path());
  ASSERT_TRUE(folder.ok()) << folder.error().text;
  EXPECT_EQ((*folder)->leftovers_removed(), 1u);
  EXPECT_FALSE(exists(scratch.path("plugins/99999999")));
  EXPECT_TRUE(exists(scratch.path("plugins/77777777/hello.1.abc.so")));
  EXPECT_TRUE(exists(scratch.path("plugins/notes")));
}

TEST(PrivateFolder, RefusesAStateFolderOthersMayWriteTo) {
  const ScratchFolder scratch;
  ASSERT_EQ(mkdir(scratch.path("plugins").c_str(), 0700), 0);
  ASSERT_EQ(chmod(scratch.path("plugins").c_str(), 0777), 0);
  const auto folder = PrivateFolder::create(scratch.path());
  ASSERT_FALSE(folder.ok());
  EXPECT_EQ(folder.error().code, base::ErrorCode::kPermission);
  EXPECT_NE(folder.error().text.find("nobody else may write to"), std::string::npos);
}

TEST(PrivateFolder, ALinkInsteadOfTheFolderIsRefused) {
  const ScratchFolder scratch;
  ASSERT_EQ(mkdir(scratch.path("elsewhere").c_str(), 0700), 0);
  ASSERT_EQ(symlink("elsewhere", scratch.path("plugins").c_str()), 0);
  EXPECT_FALSE(PrivateFolder::create(scratch.path()).ok());
}

}  // namespace
}  // namespace berth::plugin
