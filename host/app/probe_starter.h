// The process from which those are forked in which plugins are probed, from this end: `berth
// probe`. It loads no plugin itself. Starting a program with its libraries takes longer than all
// the rest of a small plugin's probe; so that is done once, and may be done before.
#pragma once

#include <sys/types.h>

#include <array>
#include <functional>
#include <optional>
#include <string_view>

#include "app/probe_protocol.h"
#include "app/probe_report.h"
#include "app/probe_task.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "config/environment.h"

namespace berth::app {

// How a probe has ended.
struct ProbeEnd {
  // For waitpid(2); nothing: it was killed, at the deadline or as `aborted` said so.
  std::optional<int> status;
  ProbeState state;  // what it has said last
};

// One thread at a time. The process is started when it is wanted, again if it has died or does not
// answer, and ends with the thread that started it, or when this is destroyed. What it has of the
// host (limits, umask, working directory, standard error) is of when it was started.
class ProbeStarter {
 public:
  // The process has these variables and no others; they outlive this.
  explicit ProbeStarter(const config::Environment& environment) noexcept
      : environment_(environment) {}
  ProbeStarter(const ProbeStarter&) = delete;
  ProbeStarter& operator=(const ProbeStarter&) = delete;
  ~ProbeStarter() noexcept { end(); }

  // Has it wait, unless it does.
  [[nodiscard]] base::Status<> prepare();
  // Whether it does, as far as is known.
  [[nodiscard]] bool waits() const noexcept { return pid_ > 0; }

  // Forks a process from it that looks at this, and waits until that has ended. What it left
  // running is killed, too. `aborted` is asked now and then; empty: never. Error: there is no such
  // process, for want of memory, say, or the starter died meanwhile.
  [[nodiscard]] base::Result<ProbeEnd> probe(const ProbeTask& task, std::string_view recording,
                                             std::string_view image, base::TimePoint deadline,
                                             const std::function<bool()>& aborted);

 private:
  using Files = std::array<base::Descriptor, kProbeFiles>;

  // The next number that it tells. Nothing: not in time. kClosed: it has ended; kExhausted: it says
  // that there is none.
  base::Result<std::optional<int>> answer(base::TimePoint deadline,
                                          const std::function<bool()>& aborted);
  // The number of the new process, or as answer().
  base::Result<std::optional<pid_t>> fork(std::string_view task, const Files& files,
                                          base::TimePoint deadline,
                                          const std::function<bool()>& aborted);
  base::Result<std::optional<int>> wait_for(pid_t pid, base::TimePoint deadline,
                                            const std::function<bool()>& aborted);
  void end() noexcept;

  const config::Environment& environment_;
  pid_t pid_ = -1;            // -1: none, or reaped
  base::Descriptor process_;  // a pidfd; none where the kernel has none
  base::Descriptor socket_;
};

}  // namespace berth::app
