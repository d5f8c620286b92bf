#include "base/identity.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace berth::base {
namespace {

// Nobody's groups are needed for what they may not do.
const Identity kIdentity{.user = 65532, .group = 65533, .groups = {65533, 65534}};

TEST(Identity, IsWhatItsTextSays) {
  EXPECT_EQ(kIdentity.text(), "65532:65533:65533,65534");
  EXPECT_EQ(parse_identity(kIdentity.text()), kIdentity);
  const Identity alone{.user = 1, .group = 0, .groups = {}};
  EXPECT_EQ(alone.text(), "1:0");
  EXPECT_EQ(parse_identity("1:0"), alone);
}

TEST(Identity, WhatIsNoneIsRefusedAndSoIsRoot) {
  for (const char* text :
       {"", ":", "1", "1:", ":1", "0:1", "0:0:0", "-1:1", "4294967295:1", "1:4294967295",
        "4294967296:1", "1:1:x", "1:1:2,,3", "1:1:2:3", "a:b", "1 :1", "1:1:4294967295"}) {
    EXPECT_FALSE(parse_identity(text)) << text;
  }
}

// The exit code of a process that does it.
template <class Body>
int in_a_process(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Become, LeavesNothingOfRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "that takes root";
  EXPECT_EQ(in_a_process([] {
              if (!become(kIdentity)) return 1;
              if (::getuid() != 65532 || ::geteuid() != 65532) return 2;
              if (::getgid() != 65533 || ::getegid() != 65533) return 3;
              if (::getgroups(0, nullptr) != 2) return 4;
              if (::setuid(0) == 0 || ::setgid(0) == 0) return 5;
              return ::prctl(PR_GET_DUMPABLE) == 1 ? 0 : 6;
            }),
            0);
}

TEST(Become, IsRefusedToOthers) {
  EXPECT_EQ(in_a_process([] {
              if (::geteuid() == 0 && ::setresuid(65532, 65532, 65532) != 0) return 1;
              return become(kIdentity) ? 2 : 0;
            }),
            0);
}

TEST(AsUser, IsRootAgainBehindIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "that takes root";
  EXPECT_EQ(in_a_process([] {
              const int groups = ::getgroups(0, nullptr);
              {
                const auto as_user = AsUser::enter(kIdentity);
                if (!as_user || ::geteuid() != 65532 || ::getegid() != 65533) return 1;
                if (::getgroups(0, nullptr) != 2) return 2;
              }
              if (::prctl(PR_GET_DUMPABLE) != 1) return 6;
              if (::geteuid() != 0 || ::getegid() != 0) return 3;
              return ::getgroups(0, nullptr) == groups ? 0 : 4;
            }),
            0);
}

TEST(AsUser, IsNobodyElseForNobody) {
  const uid_t before = ::geteuid();
  const auto as_user = AsUser::enter(std::nullopt);
  EXPECT_TRUE(as_user.ok());
  EXPECT_EQ(::geteuid(), before);
}

}  // namespace
}  // namespace berth::base
