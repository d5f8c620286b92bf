#include "app/serving_user.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

namespace berth::app {
namespace {

config::User named(std::string name, std::string group = {}) {
  return {.name = std::move(name), .group = std::move(group), .position = {"berth.yaml", 3, 7}};
}

// An id that has no name on any system.
constexpr const char* kNameless = "4000000000";

TEST(FindUser, AnIdNeedsNoNameWhereItsGroupIsTold) {
  const auto found = find_user(named(kNameless, "4000000001"));
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->text(), "4000000000:4000000001:4000000001");
}

TEST(FindUser, AnIdWithoutANameHasNoGroup) {
  const auto found = find_user(named(kNameless));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().what,
            "which group user 4000000000 has is not known: it has no name here");
  EXPECT_EQ(found.error().help, "write 4000000000:4000000000, or another group behind the colon");
}

TEST(FindUser, WhoIsNotThereIsToldAtItsPlace) {
  const auto user = find_user(named("no-such-user"));
  ASSERT_FALSE(user.ok());
  EXPECT_EQ(user.error().what, "there is no user \"no-such-user\"");
  EXPECT_EQ(user.error().position.line, 3U);
  EXPECT_EQ(user.error().position.column, 7U);
  const auto group = find_user(named(kNameless, "no-such-group"));
  ASSERT_FALSE(group.ok());
  EXPECT_EQ(group.error().what, "there is no group \"no-such-group\"");
}

TEST(FindUser, ANameAndItsIdAreTheSame) {
  const passwd* const nobody = ::getpwnam("nobody");  // NOLINT(concurrency-mt-unsafe)
  if (nobody == nullptr) GTEST_SKIP() << "there is no nobody";
  const uid_t user = nobody->pw_uid;
  const gid_t group = nobody->pw_gid;
  const auto by_name = find_user(named("nobody"));
  ASSERT_TRUE(by_name.ok());
  EXPECT_EQ(by_name->user, user);
  EXPECT_EQ(by_name->group, group);
  EXPECT_NE(std::find(by_name->groups.begin(), by_name->groups.end(), group),
            by_name->groups.end());
  const auto by_id = find_user(named(std::to_string(user)));
  ASSERT_TRUE(by_id.ok());
  EXPECT_EQ(*by_id, *by_name);
  const auto with_group = find_user(named("nobody", "4000000001"));
  ASSERT_TRUE(with_group.ok());
  EXPECT_EQ(with_group->group, 4000000001U);
}

TEST(FindUser, RootIsNobodyByAnyName) {
  const auto found = find_user(named("00"));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().what, "\"00\" is root");
}

TEST(WhomToBecome, NobodyWhereNobodyIsNamed) {
  const auto whom = whom_to_become({});
  ASSERT_TRUE(whom.ok());
  EXPECT_FALSE(whom->has_value());
}

// In a process that is another user, as only root can be.
template <class Body>
int as_another(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setresuid(65532, 65532, 65532) != 0) ::_exit(100);
    ::_exit(body());
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(WhomToBecome, OnlyRootBecomesAnother) {
  EXPECT_EQ(as_another([] {
              const auto whom = whom_to_become(named(kNameless, "1"));
              if (whom.ok()) return 1;
              return whom.error().what.ends_with(
                         "cannot serve as user 4000000000: only root "
                         "becomes another")
                         ? 0
                         : 2;
            }),
            0);
  EXPECT_EQ(as_another([] {
              const auto whom = whom_to_become(named(std::to_string(::geteuid()), "1"));
              return whom.ok() && !whom->has_value() ? 0 : 1;
            }),
            0);
}

TEST(WhomToBecome, RootBecomesWhoIsNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "that takes root";
  const auto whom = whom_to_become(named(kNameless, "1"));
  ASSERT_TRUE(whom.ok());
  ASSERT_TRUE(whom->has_value());
  EXPECT_EQ((*whom)->text(), "4000000000:1:1");
}

}  // namespace
}  // namespace berth::app
