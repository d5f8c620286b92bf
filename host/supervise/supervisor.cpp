#include "supervise/supervisor.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>

#include "net/listener.h"
#include "net/wait.h"
#include "supervise/line.h"
#include "supervise/oom_kills.h"
#include "supervise/planning.h"

namespace berth::supervise {

namespace {

using namespace std::chrono_literals;
using Kind = base::HostMessage::Kind;

// Where a process cannot be waited for by a descriptor it is asked about that often.
constexpr auto kLookAgain = 50ms;
constexpr int kFirst = STDERR_FILENO + 1;
constexpr std::string_view kControl = "control";
// Of systemd, for this process alone.
constexpr std::array kOwnVariables{"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                   "LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES"};

std::string text_of(base::Duration duration) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

void refuse(const base::Error& error) {
  std::fprintf(stderr, "berth: error: %s\n", error.text.c_str());
}

Notify::Variables notify_variables(const Variables& variables) {
  return {.notify_socket = variables.value("NOTIFY_SOCKET"),
          .watchdog_usec = variables.value("WATCHDOG_USEC"),
          .watchdog_pid = variables.value("WATCHDOG_PID")};
}

}  // namespace

Supervisor::Supervisor(const SupervisorOptions& options, const base::Clock& clock)
    : options_(options),
      clock_(clock),
      variables_(options.variables),
      notify_(notify_variables(options.variables), ::getpid()),
      backoff_(options.backoff) {
  for (const char* name : kOwnVariables) variables_.remove(name);
}

int Supervisor::run() {
  if (!open() || !plan()) return code_.value_or(1);
  start_host();
  while (!code_) turn();
  return *code_;
}

bool Supervisor::open() {
  // Nothing that was handed down goes on but by being chosen.
  (void)::close_range(kFirst, ~0U, CLOSE_RANGE_CLOEXEC);
  (void)::signal(SIGCHLD, SIG_DFL);  // ignored, it would have children reaped before they are asked
  auto signals = base::Signals::open();
  if (!signals) {
    refuse(signals.error());
    return false;
  }
  signals_ = std::move(*signals);
  return true;
}

bool Supervisor::plan() {
  Variables variables = options_.variables;
  for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) {
    variables.remove(name);
  }
  auto planning = Planning::start(options_.program, options_.plan, variables);
  if (!planning) {
    refuse(planning.error());
    return false;
  }
  while (!planning->advance()) {
    std::array<pollfd, 3> entries{{{signals_->descriptor(), POLLIN, 0},
                                   {planning->channel(), POLLIN, 0},
                                   {planning->process().descriptor(), POLLIN, 0}}};
    const bool unseen = planning->process().descriptor() < 0;
    (void)net::wait_any(entries, unseen ? clock_.now() + kLookAgain : base::TimePoint::max());
    while (const int number = signals_->next()) {
      if (number == SIGHUP) continue;
      ++stops_;
      planning->process().signal(stops_ > 1 ? SIGKILL : SIGTERM);
    }
  }
  plan_ = planning->take_plan();
  if (!planning->done() || stops_ > 0) {
    const ProcessEnd& end = planning->end();
    const bool said = end.kind == ProcessEnd::Kind::kExited && end.value != 0;
    if (!said && stops_ == 0) {
      say(observe::Level::kError, "the process that reads the configuration " + end.text());
    }
    withdraw([](const net::PlannedSocket&) { return true; });
    code_ = stops_ > 0 ? 0 : said ? end.value : 1;
    return false;
  }
  for (const net::PlannedSocket& socket : plan_.sockets) {
    // Whoever connects is told who listens: from here on this process, not the one that has ended.
    if (socket.name == kControl) (void)::listen(socket.socket.get(), net::default_backlog());
  }
  return true;
}

void Supervisor::start_host() {
  start_at_ = base::TimePoint::max();
  ready_ = refused_ = killed_ = false;
  started_at_ = clock_.now();
  oom_kills_ = oom_kills();
  auto spawned = spawn_host();
  if (spawned) {
    if (std::exchange(reload_wanted_, false)) host_->signal(SIGHUP);
    return;
  }
  if (was_ready_) {
    replace_host("no host can be started: " + spawned.error().text);
  } else {
    refuse(spawned.error());
    finish(1);
  }
}

base::Status<> Supervisor::spawn_host() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return base::fail(base::system_error(errno, "socketpair"));
  }
  base::Descriptor here(ends[0]);
  const base::Descriptor there(ends[1]);
  board_.reset();
  if (options_.board_bytes > 0) {
    board_.reset(::memfd_create("berth-board", MFD_CLOEXEC));
    if (!board_ || ::ftruncate(board_.get(), static_cast<off_t>(options_.board_bytes)) != 0) {
      return base::fail(base::system_error(errno, "memfd_create"));
    }
  }
  SpawnOptions spawn{.program = options_.program,
                     .arguments = options_.host,
                     .environment = {},
                     .holds_signals = true};
  if (generation_ > 0) {
    spawn.arguments.insert(spawn.arguments.end(), {"--generation", std::to_string(generation_)});
  }
  std::string names;
  for (const net::PlannedSocket& socket : plan_.sockets) {
    if (!spawn.descriptors.empty()) names += ':';
    names += socket.name;
    spawn.descriptors.push_back(socket.socket.get());
  }
  Variables variables = variables_;
  variables.set("LISTEN_FDS", std::to_string(spawn.descriptors.size()));
  variables.set("LISTEN_FDNAMES", names);
  const auto hand_down = [&](std::string_view name, const base::Descriptor& descriptor) {
    variables.set(name, std::to_string(kFirst + static_cast<int>(spawn.descriptors.size())));
    spawn.descriptors.push_back(descriptor.get());
  };
  hand_down("BERTH_LINK", there);
  if (board_) hand_down("BERTH_BOARD", board_);
  spawn.environment = variables.entries();
  auto host = HostProcess::spawn(spawn);
  if (!host) return base::fail(std::move(host).error());
  host_.emplace(std::move(*host));
  link_ = std::move(here);
  return base::done();
}

void Supervisor::turn() {
  std::array<pollfd, 3> entries{{{signals_->descriptor(), POLLIN, 0},
                                 {link_.get(), POLLIN, 0},
                                 {host_ ? host_->descriptor() : -1, POLLIN, 0}}};
  base::TimePoint until = std::min(start_at_, kill_at_);
  if (host_ && host_->descriptor() < 0) until = std::min(until, clock_.now() + kLookAgain);
  (void)net::wait_any(entries, until);
  while (const int number = signals_->next()) on_signal(number);
  if (code_) return;
  // What it said before it ended first.
  read_link();
  if (host_) {
    if (const auto end = host_->end()) {
      read_link();
      on_end(*end);
    }
  }
  if (code_) return;
  const base::TimePoint now = clock_.now();
  if (host_ && now >= kill_at_) {
    kill_at_ = base::TimePoint::max();
    killed_ = true;
    say(observe::Level::kError, host_text() + " has not stopped in time and is killed");
    host_->signal(SIGKILL);
  }
  if (!host_ && now >= start_at_) start_host();
}

void Supervisor::on_signal(int number) {
  if (number == SIGHUP) {
    if (host_) {
      host_->signal(SIGHUP);
    } else {
      reload_wanted_ = true;
    }
    return;
  }
  begin_stop();
  if (!host_) {
    finish(0);
    return;
  }
  host_->signal(number);
  if (stops_ == 1) return;
  // Nothing is lost with one that does not serve; the other needs its moment to cut what is left.
  kill_at_ =
      std::min(kill_at_, clock_.now() + (ready_ ? options_.stop_grace : base::Duration::zero()));
}

void Supervisor::begin_stop() {
  if (++stops_ > 1) return;
  kill_at_ = clock_.now() + plan_.stop + options_.stop_grace;
  notify_.stopping("stopping");
}

void Supervisor::read_link() {
  base::HostMessage message;
  while (link_) {
    switch (base::receive_message(link_.get(), message)) {
      case base::Received::kMessage:
        on_message(message);
        break;
      case base::Received::kCrash:
        tell({.pid = host_->pid(), .end = nullptr, .board = board_.get()});
        break;
      case base::Received::kUnknown:
        break;
      case base::Received::kClosed:
        link_.reset();
        return;
      case base::Received::kNothing:
        return;
    }
  }
}

void Supervisor::on_message(const base::HostMessage& message) {
  switch (message.kind) {
    case Kind::kReady:
    case Kind::kReloaded:
      generation_ = message.generation;
      plan_.stop = message.stop;
      refusal_ = message.text();
      if (message.kind == Kind::kReady && std::exchange(was_ready_, true)) {
        notify_.status(serving_text());
      } else if (stops_ == 0) {
        notify_.ready(serving_text());
      }
      if (message.kind == Kind::kReady) ready_ = true;
      break;
    case Kind::kReloading:
      if (stops_ == 0) notify_.reloading(clock_.now());
      break;
    case Kind::kAlive:
      notify_.alive();
      break;
    case Kind::kStopping:
      if (stops_ == 0) begin_stop();
      break;
    case Kind::kWithdraw: {
      if (stops_ == 0) break;
      const bool control = message.text() == kControl;
      withdraw([control](const net::PlannedSocket& socket) {
        return (socket.name == kControl) == control;
      });
      base::HostMessage answer;
      answer.kind = Kind::kWithdrawn;
      (void)base::send_message(link_.get(), answer);
      break;
    }
    case Kind::kUnused:
      withdraw(
          [&message](const net::PlannedSocket& socket) { return socket.name == message.text(); });
      break;
    case Kind::kRefused:
      refused_ = true;
      break;
    case Kind::kWithdrawn:
      break;  // is no host's to send
  }
}

void Supervisor::withdraw(const std::function<bool(const net::PlannedSocket&)>& chosen) {
  // The path first: who finds the socket afterwards finds the next server's, or none.
  for (net::PlannedSocket& socket : plan_.sockets) {
    if (chosen(socket)) socket.path.remove();
  }
  std::erase_if(plan_.sockets, chosen);
}

void Supervisor::on_end(ProcessEnd end) {
  const bool by_oom = end.kind == ProcessEnd::Kind::kKilled && end.value == SIGKILL && !killed_;
  end.out_of_memory = by_oom && oom_kills_ && oom_kills() > oom_kills_;
  const bool in_order = end.kind == ProcessEnd::Kind::kExited && end.value == 0;
  const std::string what = host_text() + " " + end.text();
  const base::Descriptor board = std::move(board_);  // before the next host has its own
  const HostTrouble trouble{.pid = host_->pid(), .end = &end, .board = board.get()};
  host_.reset();
  link_.reset();
  if (stops_ > 0) {
    const bool expected = in_order || killed_ || refused_;
    if (!expected) say(observe::Level::kError, what + " while it stopped");
    finish(in_order || !ready_ ? 0 : 1);
    if (!expected) tell(trouble);
  } else if (!was_ready_) {
    if (!refused_) say(observe::Level::kError, what + " before it served");
    finish(end.kind == ProcessEnd::Kind::kExited && !in_order ? end.value : 1);
    if (!refused_) tell(trouble);
  } else {
    replace_host(what);
    if (clock_.now() >= start_at_) start_host();
    tell(trouble);
  }
}

void Supervisor::replace_host(const std::string& what) {
  const base::TimePoint now = clock_.now();
  const base::Duration wait = backoff_.next(now - started_at_);
  start_at_ = now + wait;
  std::string text = what + "; a new one is started";
  if (wait > base::Duration::zero()) text += " in " + text_of(wait);
  say(observe::Level::kError, text);
  notify_.status(text);
}

void Supervisor::tell(const HostTrouble& trouble) const {
  if (options_.on_trouble) options_.on_trouble(trouble);
}

void Supervisor::finish(int code) {
  withdraw([](const net::PlannedSocket&) { return true; });
  code_ = code;
}

void Supervisor::say(observe::Level level, const std::string& text) const {
  const auto format = plan_.json_log ? observe::LogFormat::kJson : observe::LogFormat::kText;
  write_line(format, level, text, clock_);
}

std::string Supervisor::host_text() const { return "host " + std::to_string(host_->pid()); }

std::string Supervisor::serving_text() const {
  std::string text = "serving generation " + std::to_string(generation_);
  if (!refusal_.empty()) text += "; a reload was refused: " + refusal_;
  return text;
}

}  // namespace berth::supervise
