// A child of the supervisor: started with exactly the descriptors and variables it is given, in a
// process group of its own, and reaped. It knows nothing of what the child does.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"
#include "base/result.h"
#include "supervise/process_end.h"

namespace berth::supervise {

struct SpawnOptions {
  std::string program;                   // a path
  int program_file = -1;                 // open on the program: then the path is its name alone
  std::vector<std::string> arguments;    // its name first
  std::vector<std::string> environment;  // "NAME=VALUE", all of it
  // Those it has as 3, 4 and so on; beside the standard ones no other, if all of this process are
  // close-on-exec. Borrowed for the call.
  std::vector<int> descriptors = {};
  // Signals that end a process wait until it asks for them, instead of ending it.
  bool holds_signals = false;
};

// Move-only, one thread. Who is destroyed before it ended is killed with its group.
class HostProcess {
 public:
  // kExhausted: no process or descriptor can be had; else as the system says.
  [[nodiscard]] static base::Result<HostProcess> spawn(const SpawnOptions& options);
  // One that this process has spawned before it became another program.
  [[nodiscard]] static HostProcess adopt(pid_t pid) noexcept { return HostProcess(pid); }
  HostProcess(const HostProcess&) = delete;
  HostProcess& operator=(const HostProcess&) = delete;
  HostProcess(HostProcess&& other) noexcept;
  HostProcess& operator=(HostProcess&& other) noexcept;
  ~HostProcess() noexcept;

  // Nobody else's until end() has told the end.
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  // A pidfd, readable once it has ended; -1 where the system has none: then end() has to be asked.
  [[nodiscard]] int descriptor() const noexcept { return pidfd_.get(); }
  void signal(int number) const noexcept;
  // Reaps it, and kills what it left running in its group; nothing: it has not ended, or was reaped
  // before.
  [[nodiscard]] std::optional<ProcessEnd> end() noexcept;

 private:
  explicit HostProcess(pid_t pid) noexcept;
  void kill_group() const noexcept;

  pid_t pid_ = -1;
  bool reaped_ = false;
  base::Descriptor pidfd_;
};

}  // namespace berth::supervise
