#include "net/descriptor_limit.h"

#include <sys/resource.h>

#include <cerrno>

namespace berth::net {

base::Result<DescriptorLimit> raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return base::fail(base::system_error(errno, "cannot read the limit on open files"));
  }
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (before != limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return base::fail(base::system_error(errno, "cannot raise the limit on open files"));
  }
  return DescriptorLimit{before, limit.rlim_cur};
}

}  // namespace berth::net
