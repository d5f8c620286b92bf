// The process that keeps the sockets: starts a host with them, starts the next when one ends
// unexpectedly or another is to take its place, and speaks for all with whoever started it. It
// serves nothing, loads nothing, reads no configuration, and has one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/host_link.h"
#include "base/signals.h"
#include "net/socket_plan.h"
#include "observe/log.h"
#include "supervise/backoff.h"
#include "supervise/host.h"
#include "supervise/notify.h"
#include "supervise/planning.h"
#include "supervise/variables.h"

namespace berth::supervise {

struct SupervisorOptions {
  std::string program = "/proc/self/exe";  // also where its file was replaced meanwhile
  std::string file = {};                   // of an upgrade: the program's path; empty: none
  // Words of the command lines, the program's name first. `self`: of this process, for an upgrade.
  // `plan`: see Planning. `host`: see Host; "--generation N" is added for one that goes on with
  // what another served, "--standby" for one that waits (Kind::kServe), and "--user" for one that
  // gives up root (SocketPlan::user).
  // `first`: added to the first plan and the first host.
  std::vector<std::string> self = {};
  std::vector<std::string> plan;
  std::vector<std::string> host;
  std::vector<std::string> first = {};
  Variables variables;
  BackoffOptions backoff = {};
  // What a stop may take longer than it should before the host is killed; and a crash, until it is
  // a drain or an end, and the drain behind it.
  base::Duration stop_grace = std::chrono::seconds(5);
  base::Duration crash_grace = std::chrono::seconds(5);
  // For one behind the first to be ready, and for the plan of an upgrade. A host has at least twice
  // as long as one has needed before.
  base::Duration start_limit = std::chrono::minutes(2);
  // How long what is served has to stay before a standby is made of it anew.
  base::Duration standby_pause = std::chrono::seconds(1);
};

//   run(): plan --> first host --> ready --> ... --> end
//                      ^  unexpected end,    |
//                      |  or a drain behind  |
//                      |  a crash            |
//                      +--- after a wait ----+
//
// SIGTERM, SIGINT and SIGQUIT stop it and go on to the host, and so does SIGHUP. A stop that lasts
// longer than it may (SocketPlan::stop, then what the host says, and stop_grace) ends with SIGKILL.
//
// A succession: another host is started beside the one that serves, which is told to leave once
// that is ready, and goes on where it is not. Hosts ask for it (Kind::kReplace); an upgrade
// (SIGUSR2, Kind::kUpgrade) is one of `file`, with the sockets of a new plan, and ends with this
// process executing `file`: same process id, children and sockets (handover.h).
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
  [[nodiscard]] bool resume(base::Descriptor handover);
  // The host whose turn it is: the standby, or a new one.
  void start_host();
  // False: there is none that could serve.
  [[nodiscard]] bool promote_standby(Role role);
  [[nodiscard]] base::Status<> spawn(Role role);
  // Waits for something to happen and does what is due.
  void turn();
  [[nodiscard]] base::TimePoint next_due() const;
  void do_what_is_due();

  [[nodiscard]] base::Duration start_limit() const noexcept;
  // Whether no host can tell that it lives, because the next one is only being started.
  [[nodiscard]] bool between_hosts() const;

  void on_signal(int number);
  void read_link(std::size_t index);
  void on_message(Host& host, const base::HostMessage& message);
  void on_serving(Host& host, const base::HostMessage& message);
  // It has crashed, and may take that long to finish what it has in flight.
  void begin_drain(Host& host, base::Duration time);
  void on_withdraw(const Host& host, std::string_view name);
  void reap();
  // What processes below have left to this one, as to process 1 of a container.
  void reap_others();
  void on_end(Host& host, const ProcessEnd& end);
  void on_serving_end(const Host& host, const ProcessEnd& end);
  void replace_host(const Host& host, const std::string& what);
  void begin_stop();
  void withdraw(const std::function<bool(const net::PlannedSocket&)>& chosen);
  void remove_paths(std::vector<net::PlannedSocket>& sockets,
                    const std::function<bool(const net::PlannedSocket&)>& chosen) const;
  void finish(int code);

  // --- succession (succession.cpp) ---
  [[nodiscard]] bool is_succeeding() noexcept { return planning_ || find(Role::kNext) != nullptr; }
  void begin_upgrade();
  void on_planned();
  void begin_replacement(Host& host, const std::string& why);
  void give_up_succession(const std::string& why);
  void take_over(Host& host);
  void become_file();
  void restart_standby();
  // It crashed, or ended, before it was its turn.
  void on_standby_lost(const Host& host);
  void dismiss(Host& host);
  void tell_of_standby();

  // Null: there is none.
  [[nodiscard]] Host* find(Role role) noexcept;
  void say(observe::Level level, const std::string& text) const;
  [[nodiscard]] std::string serving_text() const;

  const SupervisorOptions& options_;
  const base::Clock& clock_;
  Variables variables_;  // of hosts
  Notify notify_;
  Backoff backoff_;
  Backoff standby_backoff_;
  std::optional<base::Signals> signals_;
  std::string program_;            // of hosts
  base::Descriptor program_file_;  // open on it behind an upgrade
  net::SocketPlan plan_;
  std::vector<Host> hosts_;

  // Of an upgrade.
  std::optional<Planning> planning_;
  base::TimePoint planned_by_ = base::TimePoint::max();
  std::optional<net::SocketPlan> next_plan_;
  // The file as it was when the upgrade began, whatever is deployed over it meanwhile.
  base::Descriptor next_file_;

  bool was_ready_ = false;                               // some host
  bool reload_wanted_ = false;                           // of the next host, once it is ready
  base::Duration longest_start_{};                       // of a host, until it was ready
  std::uint64_t generation_ = 0;                         // that served last
  std::string refusal_;                                  // of the last reload
  int stops_ = 0;                                        // how often a stop was asked for
  int stop_code_ = 0;                                    // what it ends with
  base::TimePoint start_at_ = base::TimePoint::max();    // the next host
  base::TimePoint standby_at_ = base::TimePoint::max();  // the next standby
  std::optional<int> code_;                              // the end
};

}  // namespace berth::supervise
