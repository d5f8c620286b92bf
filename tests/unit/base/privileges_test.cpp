#include "base/privileges.h"

#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

namespace berth::base {
namespace {

constexpr uid_t kUser = 65532;
constexpr unsigned kBindService = 1U << CAP_NET_BIND_SERVICE;

using Capabilities = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

bool set(const Capabilities& capabilities) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  return ::syscall(SYS_capset, &header, capabilities.data()) == 0;
}

bool has_some() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Capabilities all{};
  if (::syscall(SYS_capget, &header, all.data()) != 0) return true;
  for (const auto& each : all) {
    if ((each.effective | each.permitted | each.inheritable) != 0) return true;
  }
  return ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_NET_BIND_SERVICE, 0, 0) != 0;
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

TEST(GiveUpPrivileges, LeavesNoCapabilityAndNoWayToGainOne) {
  if (::geteuid() != 0) GTEST_SKIP() << "nobody else has any to give up";
  EXPECT_EQ(in_a_process([] {
              // As a service manager starts what has to bind a low port.
              if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) return 1;
              if (::setresuid(kUser, kUser, kUser) != 0) return 2;
              if (!set({{{kBindService, kBindService, kBindService}, {}}})) return 3;
              if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) != 0)
                return 4;
              if (!give_up_privileges()) return 5;
              if (has_some()) return 6;
              return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? 0 : 7;
            }),
            0);
}

TEST(GiveUpPrivileges, LeavesRootWhatItHas) {
  if (::geteuid() != 0) GTEST_SKIP() << "that takes root";
  EXPECT_EQ(in_a_process([] {
              if (!give_up_privileges()) return 1;
              if (!has_some()) return 2;
              return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? 0 : 3;
            }),
            0);
}

}  // namespace
}  // namespace berth::base
