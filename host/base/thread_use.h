// What another thread of this process is at, as the kernel tells. It stops and changes nobody.
#pragma once

#include <sys/types.h>

#include <optional>

#include "base/clock.h"

namespace berth::base {

struct ThreadUse {
  char state;    // proc(5), /proc/pid/stat: 'R' has or awaits a processor, 'S' waits, ...
  Duration cpu;  // that it has used so far
};

// By its gettid(). Nothing: it has ended, or there is no descriptor left to read it by. Three
// system calls; no allocation. Any thread.
[[nodiscard]] std::optional<ThreadUse> thread_use(pid_t thread) noexcept;

}  // namespace berth::base
