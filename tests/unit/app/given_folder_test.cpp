#include "app/given_folder.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/temporary_folder.h"

namespace berth::app {
namespace {

const base::Identity kUser{.user = 65532, .group = 65533, .groups = {}};

class GivenFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "that takes root";
  }
  [[nodiscard]] std::string at(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  void write(const std::string& name) const {
    std::filesystem::create_directories(std::filesystem::path(at(name)).parent_path());
    std::ofstream(at(name)) << "x";
  }
  // "65532:65533 0700"
  [[nodiscard]] std::string owner(const std::string& name) const {
    struct stat status {};
    if (::lstat(at(name).c_str(), &status) != 0) return "none";
    return std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid);
  }
  [[nodiscard]] mode_t mode(const std::string& name) const {
    struct stat status {};
    return ::lstat(at(name).c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
  }

  test::TemporaryFolder folder_;
};

TEST_F(GivenFolder, IsMadeWhateverTheUmaskIs) {
  const mode_t before = ::umask(0077);
  const auto given = give_folder(at("a/b/state"), 0750, kUser);
  ::umask(before);
  ASSERT_TRUE(given.ok()) << given.error().text;
  EXPECT_EQ(owner("a/b/state"), "65532:65533");
  EXPECT_EQ(mode("a/b/state"), 0750U);
  EXPECT_EQ(owner("a/b"), "0:0");
  EXPECT_EQ(mode("a/b"), 0755U);
}

TEST_F(GivenFolder, OneOfTheUsersStaysAsItIs) {
  write("state/anything");
  ASSERT_EQ(::chown(at("state").c_str(), 65532, 1), 0);
  ASSERT_TRUE(give_folder(at("state"), 0700, kUser).ok());
  EXPECT_EQ(owner("state"), "65532:1");
  EXPECT_EQ(owner("state/anything"), "0:0");
}

TEST_F(GivenFolder, WhatARootHasKeptGoesAlongAndNothingBehindALink) {
  write("state/generations/1/manifest.json");
  write("state/images/x.so");
  write("outside/file");
  write("outside/second");
  std::filesystem::create_symlink(at("outside"), at("state/images/link"));
  std::filesystem::create_hard_link(at("outside/second"), at("state/images/name"));
  ASSERT_EQ(::chmod(at("state").c_str(), 0700), 0);
  std::filesystem::create_directories(at("state/images/others"));
  write("state/images/others/file");
  ASSERT_EQ(::chmod(at("state/images/others").c_str(), 0777), 0);
  const auto given = give_folder(at("state"), 0700, kUser);
  ASSERT_TRUE(given.ok()) << given.error().text;
  for (const char* name : {"state", "state/generations", "state/generations/1/manifest.json",
                           "state/images/x.so", "state/images/link"}) {
    EXPECT_EQ(owner(name), "65532:65533") << name;
  }
  // Other names of what is not berth's, and where others could have made some.
  for (const char* name : {"outside", "outside/file", "outside/second", "state/images/name",
                           "state/images/others", "state/images/others/file"}) {
    EXPECT_EQ(owner(name), "0:0") << name;
  }
}

TEST_F(GivenFolder, OneThatHoldsSomethingElseIsNotGivenAway) {
  write("state/images/x.so");
  write("state/passwd");
  const auto given = give_folder(at("state"), 0700, kUser);
  ASSERT_FALSE(given.ok());
  EXPECT_EQ(given.error().code, base::ErrorCode::kPermission);
  EXPECT_EQ(given.error().text, "the folder " + at("state") +
                                    " belongs to user 0; it has to belong to user 65532, whom "
                                    "`user` names: chown -R 65532 " +
                                    at("state") + ", or remove it");
  EXPECT_EQ(owner("state/images/x.so"), "0:0");
}

TEST_F(GivenFolder, OneThatOthersMayWriteToIsNotGivenAway) {
  write("state/images/x.so");
  ASSERT_EQ(::chmod(at("state").c_str(), 0770), 0);
  EXPECT_FALSE(give_folder(at("state"), 0700, kUser).ok());
  EXPECT_EQ(owner("state/images/x.so"), "0:0");
}

TEST_F(GivenFolder, OneOfAnotherUserIsNot) {
  std::filesystem::create_directory(at("state"));
  ASSERT_EQ(::chown(at("state").c_str(), 1, 1), 0);
  EXPECT_FALSE(give_folder(at("state"), 0700, kUser).ok());
  EXPECT_EQ(owner("state"), "1:1");
}

TEST_F(GivenFolder, ALinkIsNotFollowed) {
  std::filesystem::create_directory(at("outside"));
  std::filesystem::create_symlink(at("outside"), at("state"));
  EXPECT_FALSE(give_folder(at("state"), 0700, kUser).ok());
  EXPECT_EQ(owner("outside"), "0:0");
}

}  // namespace
}  // namespace berth::app
