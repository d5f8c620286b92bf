#include "plugin/file_trust.h"

#include <gtest/gtest.h>

#include <string>

namespace berth::plugin {
namespace {

constexpr uid_t kRoot = 0;
constexpr uid_t kUser = 1000;
constexpr uid_t kOther = 1001;

struct Row {
  const char* description;
  uid_t owner;
  mode_t file;
  mode_t folder;
  TrustPolicy policy;
  const char* refusal;  // part of the text; nullptr: taken
  bool warning;
};

TEST(FileTrust, FollowsTheTable) {
  const Row table[] = {
      {"root's, as root", kRoot, 0644, 0755, {kRoot, false}, nullptr, false},
      {"root's, as a user", kRoot, 0644, 0755, {kUser, false}, nullptr, false},
      {"the user's own", kUser, 0600, 0700, {kUser, false}, nullptr, false},
      {"another user's",
       kOther,
       0644,
       0755,
       {kUser, false},
       "belongs to user 1001; it has to belong to root or to user 1000",
       false},
      {"a user's, as root", kUser, 0644, 0755, {kRoot, false}, "belongs to user 1000", false},
      {"world-writable",
       kUser,
       0666,
       0755,
       {kUser, false},
       "anybody may write the file (mode 0666)",
       false},
      {"group-writable, as root", kRoot, 0664, 0755, {kRoot, false}, "may write the file", false},
      {"group-writable, as a user", kUser, 0664, 0755, {kUser, false}, nullptr, true},
      {"group-writable, strict", kUser, 0664, 0755, {kUser, true}, "may write the file", false},
      {"in a world-writable folder",
       kUser,
       0644,
       0777,
       {kUser, false},
       "its folder has mode 0777",
       false},
      {"in a sticky folder", kUser, 0644, 01777, {kUser, false}, nullptr, false},
  };
  for (const Row& row : table) {
    struct stat file {};
    file.st_uid = row.owner;
    file.st_mode = S_IFREG | row.file;
    struct stat folder {};
    folder.st_mode = S_IFDIR | row.folder;
    const auto trust = check_trust(file, folder, "/srv/hello.so", row.policy);
    ASSERT_EQ(trust.ok(), row.refusal == nullptr) << row.description;
    if (trust.ok()) {
      EXPECT_EQ(trust->has_value(), row.warning) << row.description;
      continue;
    }
    EXPECT_EQ(trust.error().code, base::ErrorCode::kPermission) << row.description;
    EXPECT_NE(trust.error().text.find(row.refusal), std::string::npos) << trust.error().text;
  }
}

}  // namespace
}  // namespace berth::plugin
