// On a system without openat2(2) nothing is served rather than with a weaker check.
#include "site.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

namespace static_files {
namespace {

// From here on openat2(2) is ENOSYS in this process.
void forget_openat2() {
  sock_filter code[] = {
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_openat2},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
  };
  const sock_fprog program{sizeof code / sizeof code[0], code};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    std::perror("seccomp");
    std::_Exit(3);
  }
}

TEST_F(Site, WithoutOpenat2TheConfigurationIsRefused) {
  EXPECT_EXIT(
      {
        forget_openat2();
        const bool made = recorder.mount("directory", map({{"root", root}}), "/{path...}");
        std::fputs(made ? "made\n" : recorder.complaints().at(0).message.c_str(), stderr);
        std::_Exit(made ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "root: this system has no openat2\\(2\\)");
}

}  // namespace
}  // namespace static_files
