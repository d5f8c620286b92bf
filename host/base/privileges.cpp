#include "base/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace berth::base {

Status<> give_up_privileges() noexcept {
  if (::geteuid() == 0) return done();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return fail(system_error(errno, "give up gaining privileges"));
  }
  // Those that are ambient go with what is permitted and inheritable (capabilities(7)).
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  if (::syscall(SYS_capset, &header, none.data()) != 0) {
    return fail(system_error(errno, "give up capabilities"));
  }
  return done();
}

}  // namespace berth::base
