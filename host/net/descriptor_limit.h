// The process's limit on open descriptors, raised at start. Not a count of ours
// (limits.connections).
#pragma once

#include <cstdint>

#include "base/result.h"

namespace berth::net {

// RLIMIT_NOFILE's soft values; UINT64_MAX is "unlimited".
struct DescriptorLimit {
  std::uint64_t before;
  std::uint64_t after;  // the hard limit
};

// Raises the soft limit to the hard one. Call it at start, on the main thread. Errors as
// base::system_error; the server can go on with the old limit.
[[nodiscard]] base::Result<DescriptorLimit> raise_descriptor_limit();

}  // namespace berth::net
