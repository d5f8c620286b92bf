#include "base/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace berth::base {

namespace {

using Capabilities = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

// Also where the system does not tell.
bool has_capabilities() noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  Capabilities all{};
  if (::syscall(SYS_capget, &header, all.data()) != 0) return true;
  return std::any_of(all.begin(), all.end(), [](const auto& each) {
    return (each.effective | each.permitted | each.inheritable) != 0;
  });
}

}  // namespace

Status<> give_up_privileges() noexcept {
  if (::geteuid() == 0) return done();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return fail(system_error(errno, "give up gaining privileges"));
  }
  if (!has_capabilities()) return done();  // where a service manager refuses capset(2), too
  // Those that are ambient go with what is permitted and inheritable (capabilities(7)).
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const Capabilities none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) {
    return fail(system_error(errno, "give up capabilities"));
  }
  return done();
}

}  // namespace berth::base
