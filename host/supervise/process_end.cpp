#include "supervise/process_end.h"

#include <sys/wait.h>

#include <cstring>

namespace berth::supervise {

ProcessEnd ProcessEnd::of_status(int status) noexcept {
  if (WIFSIGNALED(status)) {
    return {
        .kind = Kind::kKilled, .value = WTERMSIG(status), .dumped_core = WCOREDUMP(status) != 0};
  }
  return {.kind = Kind::kExited, .value = WEXITSTATUS(status)};
}

std::string ProcessEnd::text() const {
  if (kind == Kind::kExited) return "exited with code " + std::to_string(value);
  const char* const name = ::sigabbrev_np(value);
  std::string text = "was killed by ";
  text += name == nullptr ? "signal " + std::to_string(value) : std::string("SIG") + name;
  if (dumped_core) text += " (core dumped)";
  if (out_of_memory) text += ": the system ran out of memory";
  return text;
}

}  // namespace berth::supervise
