// The process that keeps the sockets: starts a host with them, starts the next when one ends
// unexpectedly, and speaks for both with whoever started it. It serves nothing, loads nothing,
// reads no configuration, and has one thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/host_link.h"
#include "base/signals.h"
#include "net/socket_plan.h"
#include "observe/log.h"
#include "supervise/backoff.h"
#include "supervise/host_process.h"
#include "supervise/notify.h"
#include "supervise/variables.h"

namespace berth::supervise {

// Something is wrong with a host. Borrowed for the call.
struct HostTrouble {
  pid_t pid = -1;
  const ProcessEnd* end =
      nullptr;     // null: one of its threads has crashed, and it has not ended yet
  int board = -1;  // see SupervisorOptions::board_bytes; -1: none
};

struct SupervisorOptions {
  std::string program = "/proc/self/exe";  // also where its file was replaced meanwhile
  // Words of the command lines, the program's name first. `plan`: see Planning. `host`: finds its
  // end of the link (base/host_link.h) in $BERTH_LINK, and the sockets as sd_listen_fds(3) tells,
  // but without LISTEN_PID; "--generation N" is added for one that replaces another.
  std::vector<std::string> plan;
  std::vector<std::string> host;
  Variables variables;
  // Of a memfd made anew for each host, whose number is in $BERTH_BOARD; 0: none.
  std::size_t board_bytes = 0;
  // Called when a host tells that it crashes, and when one has ended unexpectedly; then the next
  // has been started, unless there is a wait before it.
  std::function<void(const HostTrouble&)> on_trouble = {};
  BackoffOptions backoff = {};
  // What a stop may take longer than it should before the host is killed.
  base::Duration stop_grace = std::chrono::seconds(5);
};

//   run(): plan --> first host --> ready --> ... --> end
//                      ^  unexpected end,    |
//                      +--- after a wait ----+
//
// SIGTERM, SIGINT and SIGQUIT stop it and go on to the host, and so does SIGHUP. A stop that lasts
// longer than it may (SocketPlan::stop, then what the host says, and stop_grace) ends with SIGKILL.
class Supervisor {
 public:
  // On the main thread of a process without another. All is borrowed for as long as it lives.
  Supervisor(const SupervisorOptions& options, const base::Clock& clock);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor() = default;

  // The exit code: 0 stopped in order; of a first host or plan that was refused, theirs; else 1.
  [[nodiscard]] int run();

 private:
  [[nodiscard]] bool open();
  // False: there is nothing to serve, and code_ is set.
  [[nodiscard]] bool plan();
  void start_host();
  [[nodiscard]] base::Status<> spawn_host();
  // Waits for something to happen and does what is due.
  void turn();

  void on_signal(int number);
  void read_link();
  void on_message(const base::HostMessage& message);
  void on_end(ProcessEnd end);
  void tell(const HostTrouble& trouble) const;
  void replace_host(const std::string& what);
  void begin_stop();
  void withdraw(const std::function<bool(const net::PlannedSocket&)>& chosen);
  void finish(int code);

  void say(observe::Level level, const std::string& text) const;
  [[nodiscard]] std::string host_text() const;
  [[nodiscard]] std::string serving_text() const;

  const SupervisorOptions& options_;
  const base::Clock& clock_;
  Variables variables_;  // of hosts
  Notify notify_;
  Backoff backoff_;
  std::optional<base::Signals> signals_;
  net::SocketPlan plan_;

  // Of the present host.
  std::optional<HostProcess> host_;
  base::Descriptor link_;
  base::Descriptor board_;
  base::TimePoint started_at_;
  std::optional<std::uint64_t> oom_kills_;  // before it
  bool ready_ = false;
  bool refused_ = false;
  bool killed_ = false;  // by the supervisor

  bool was_ready_ = false;  // some host
  bool reload_wanted_ = false;
  std::uint64_t generation_ = 0;                       // that served last
  std::string refusal_;                                // of the last reload
  int stops_ = 0;                                      // how often a stop was asked for
  base::TimePoint start_at_ = base::TimePoint::max();  // the next host
  base::TimePoint kill_at_ = base::TimePoint::max();   // the present one
  std::optional<int> code_;                            // the end
};

}  // namespace berth::supervise
