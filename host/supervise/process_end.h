// How a process ended, as its parent learns it. Not why.
#pragma once

#include <string>

namespace berth::supervise {

struct ProcessEnd {
  enum class Kind { kExited, kKilled };
  Kind kind = Kind::kExited;
  int value = 0;               // the exit code, or the signal
  bool dumped_core = false;    // kKilled only
  bool out_of_memory = false;  // kKilled only: the system killed it to get memory

  // Of a status of waitpid(2) that says it ended.
  [[nodiscard]] static ProcessEnd of_status(int status) noexcept;

  // "exited with code 3", "was killed by SIGSEGV (core dumped)", "was killed by SIGKILL: the system
  // ran out of memory".
  [[nodiscard]] std::string text() const;
};

}  // namespace berth::supervise
