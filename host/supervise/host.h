// One host of a supervisor, from its start to its end: the process, the link to it, and what it has
// told. It decides nothing.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/host_link.h"
#include "base/result.h"
#include "net/socket_plan.h"
#include "supervise/host_process.h"
#include "supervise/variables.h"

namespace berth::supervise {

struct HostOptions {
  std::string program;
  int program_file;                    // see SpawnOptions
  std::vector<std::string> arguments;  // its name first
  const Variables& variables;
  const std::vector<net::PlannedSocket>& sockets;
};

// What a host is there for. Only one of the first three kinds at a time.
enum class Role : std::uint8_t {
  kServing,  // or about to
  kNext,     // is to take the place of the one that serves, once it can
  kStandby,  // waits for its turn
  kLeaving,  // finishes what it has in flight
};

// Move-only, one thread.
class Host {
 public:
  // The child finds its end of the link in $BERTH_LINK, and the sockets as sd_listen_fds(3) tells,
  // but without LISTEN_PID. Errors as the system says.
  [[nodiscard]] static base::Result<Host> start(const HostOptions& options,
                                                const base::Clock& clock);
  // One that this process has started before it became another program.
  [[nodiscard]] static Host adopt(pid_t pid, base::Descriptor link, bool killed = false);

  [[nodiscard]] pid_t pid() const noexcept { return process_.pid(); }
  // "host 4711"
  [[nodiscard]] std::string text() const { return "host " + std::to_string(pid()); }
  // See HostProcess.
  [[nodiscard]] int descriptor() const noexcept { return process_.descriptor(); }
  void signal(int number) const noexcept { process_.signal(number); }
  // SIGKILL, by the supervisor's decision.
  void kill() noexcept;
  // HostProcess::end(), and whether the system wanted its memory.
  [[nodiscard]] std::optional<ProcessEnd> end() noexcept;

  // -1: it has closed its end, or is gone.
  [[nodiscard]] int link() const noexcept { return link_.get(); }
  // False: it will not hear of it.
  bool tell(base::HostMessage::Kind kind, std::string_view text = {}) const noexcept;
  // The next message, if one is there; the link is closed where its end is.
  [[nodiscard]] base::Received receive(base::HostMessage& message) noexcept;

  Role role = Role::kServing;
  bool ready = false;    // it serves; a standby: it could
  bool accepts = false;  // it may have been asked something
  bool refused = false;  // it ends, and has said why
  bool crashed = false;  // a thread of it has; it can become nothing any more
  bool reloading = false;
  std::uint64_t generation = 0;  // that it serves, or has made
  base::Duration stop{};         // what a stop may take
  base::TimePoint started_at;
  base::TimePoint kill_at = base::TimePoint::max();
  std::vector<std::string> unused;  // sockets that it will not accept from, by name

  [[nodiscard]] bool killed() const noexcept { return killed_; }

 private:
  Host(HostProcess process, base::Descriptor link) noexcept
      : process_(std::move(process)), link_(std::move(link)) {}

  HostProcess process_;
  base::Descriptor link_;
  std::optional<std::uint64_t> oom_kills_;  // before it
  bool killed_ = false;
};

}  // namespace berth::supervise
