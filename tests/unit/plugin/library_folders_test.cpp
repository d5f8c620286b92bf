#include "plugin/library_folders.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "support/temporary_folder.h"

namespace berth::plugin {
namespace {

class LibraryFolders : public ::testing::Test {
 protected:
  // A folder of ours with that mode.
  [[nodiscard]] std::string made(const std::string& name, mode_t mode) const {
    const std::string path = folder_.path() + "/" + name;
    std::filesystem::create_directory(path);
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  [[nodiscard]] std::string warning(const std::string& path, uid_t user) const {
    const auto all = search_path_warnings(path, {.user = user, .strict = false});
    EXPECT_LE(all.size(), 1U);
    return all.empty() ? "" : all.front();
  }
  [[nodiscard]] std::string warning(const std::string& path) const {
    return warning(path, ::geteuid());
  }

  test::TemporaryFolder folder_;
};

TEST_F(LibraryFolders, WhereNobodyElseMayWriteThereIsNothingToSay) {
  EXPECT_EQ(warning(""), "");
  EXPECT_EQ(warning("/usr/lib:/lib"), "");
  EXPECT_EQ(warning(made("own", 0755)), "");
  EXPECT_EQ(warning(folder_.path() + "/absent/lib"), "");
  EXPECT_EQ(warning("$ORIGIN/../lib:${ORIGIN}"), "");
}

TEST_F(LibraryFolders, TheWorkingDirectoryIsAnybodys) {
  EXPECT_EQ(warning("lib"),
            "it looks for libraries in the working directory (lib in its RPATH): link it without");
  for (const char* path : {":/usr/lib", "/usr/lib:", "/usr/lib::/lib"}) {
    EXPECT_EQ(warning(path),
              "it looks for libraries in the working directory (an empty part in its RPATH): link "
              "it without")
        << path;
  }
  EXPECT_EQ(search_path_warnings(".:lib", {}).size(), 2U);
}

TEST_F(LibraryFolders, AFolderOfOthersIsTold) {
  const std::string open = made("open", 0777);
  const std::string end = ": link it without, or install them elsewhere";
  const auto told = [&end](const std::string& path, const std::string& who) {
    return "it looks for libraries in " + path + " (its RPATH), where " + who + " may put one" +
           end;
  };
  EXPECT_EQ(warning(open), told(open, "anybody"));
  EXPECT_EQ(warning(open + "/to/be/made"), told(open + "/to/be/made", "anybody"));
  EXPECT_EQ(warning(made("sticky", 01777)), told(folder_.path() + "/sticky", "anybody"));
  const std::string own = made("own", 0755);
  if (::geteuid() != 0) {
    EXPECT_EQ(warning(own, ::geteuid() + 1), told(own, "user " + std::to_string(::geteuid())));
    return;
  }
  ASSERT_EQ(::chown(own.c_str(), 4711, 4712), 0);
  EXPECT_EQ(warning(own), told(own, "user 4711"));
  EXPECT_EQ(warning(own, 4711), "");
  ASSERT_EQ(::chmod(own.c_str(), 0775), 0);
  EXPECT_EQ(warning(own, 4711), told(own, "group 4712"));
}

}  // namespace
}  // namespace berth::plugin
