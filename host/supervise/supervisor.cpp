#include "supervise/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <utility>

#include "base/limits.h"
#include "net/listener.h"
#include "net/wait.h"
#include "supervise/handover.h"
#include "supervise/line.h"

namespace berth::supervise {

namespace {

using namespace std::chrono_literals;
using Kind = base::HostMessage::Kind;

// Where a process cannot be waited for by a descriptor it is asked about that often.
constexpr auto kLookAgain = 50ms;
// Between two signs of life that are the supervisor's own.
constexpr auto kHeartbeat = 500ms;
constexpr int kFirst = STDERR_FILENO + 1;
constexpr std::string_view kControl = "control";
// Of systemd, or of the program before, for this process alone.
constexpr std::array kOwnVariables{"NOTIFY_SOCKET",  "WATCHDOG_USEC",  "WATCHDOG_PID",
                                   "LISTEN_PID",     "LISTEN_FDS",     "LISTEN_FDNAMES",
                                   "BERTH_HANDOVER", "BERTH_SERVES_AS"};

void refuse(const base::Error& error) {
  std::fprintf(stderr, "berth: error: %s\n", error.text.c_str());
}

Notify::Variables notify_variables(const Variables& variables) {
  return {.notify_socket = variables.value("NOTIFY_SOCKET"),
          .watchdog_usec = variables.value("WATCHDOG_USEC"),
          .watchdog_pid = variables.value("WATCHDOG_PID")};
}

// None: no number, or not open.
base::Descriptor descriptor_of(const std::string& text) {
  int number = -1;
  (void)std::from_chars(text.data(), text.data() + text.size(), number);
  const bool open = number >= kFirst && ::fcntl(number, F_GETFD) >= 0;
  return base::Descriptor(open ? number : -1);
}

}  // namespace

Supervisor::Supervisor(const SupervisorOptions& options, const base::Clock& clock)
    : options_(options),
      clock_(clock),
      variables_(options.variables),
      notify_(notify_variables(options.variables), ::getpid()),
      backoff_(options.backoff),
      standby_backoff_(options.backoff),
      program_(options.program) {
  for (const char* name : kOwnVariables) variables_.remove(name);
}

int Supervisor::run() {
  // Before anything is opened that could have its number.
  base::Descriptor handover = descriptor_of(options_.variables.value("BERTH_HANDOVER"));
  if (!open()) return code_.value_or(1);
  if (handover) {
    if (!resume(std::move(handover))) return 1;
  } else {
    if (!plan()) return code_.value_or(1);
    start_host();
  }
  while (!code_) turn();
  return *code_;
}

bool Supervisor::open() {
  // Nothing that was handed down goes on but by being chosen.
  (void)::close_range(kFirst, ~0U, CLOSE_RANGE_CLOEXEC);
  (void)::signal(SIGCHLD, SIG_DFL);  // ignored, it would have children reaped before they are asked
  auto signals = base::Signals::open({SIGUSR2, SIGCHLD});
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
  std::vector<std::string> words = options_.plan;
  words.insert(words.end(), options_.first.begin(), options_.first.end());
  auto planning = Planning::start(program_, words, variables);
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
      if (number == SIGHUP || number == SIGUSR2 || number == SIGCHLD) continue;
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
    finish(stops_ > 0 ? 0 : said ? end.value : 1);
    return false;
  }
  for (const net::PlannedSocket& socket : plan_.sockets) {
    // Whoever connects is told who listens: from here on this process, not the one that has ended.
    if (socket.name == kControl) (void)::listen(socket.socket.get(), net::default_backlog());
  }
  return true;
}

bool Supervisor::resume(base::Descriptor handover) {
  auto before = read_handover(std::move(handover));
  if (!before) {
    refuse(before.error());
    return false;
  }
  plan_ = std::move(before->plan);
  hosts_ = std::move(before->hosts);
  generation_ = before->known.generation;
  refusal_ = std::move(before->known.refusal);
  reload_wanted_ = before->known.reload_wanted;
  longest_start_ = before->known.longest_start;
  was_ready_ = true;
  if (plan_.standby) standby_at_ = clock_.now() + options_.standby_pause;
  say(observe::Level::kInfo, "the supervisor is the upgraded program");
  // What became of them between the two programs is seen as if it were now.
  if (find(Role::kServing) == nullptr) start_at_ = clock_.now();
  return true;
}

void Supervisor::start_host() {
  start_at_ = base::TimePoint::max();
  if (promote_standby(Role::kServing)) return;
  auto spawned = spawn(Role::kServing);
  if (!spawned) {
    if (was_ready_) {
      start_at_ = clock_.now() + backoff_.next({});
      say(observe::Level::kError, "no host can be started: " + spawned.error().text);
    } else {
      refuse(spawned.error());
      finish(1);
    }
  }
}

bool Supervisor::promote_standby(Role role) {
  Host* const standby = find(Role::kStandby);
  // Told before it is ready, it finds that once it is.
  if (standby == nullptr || standby->crashed || !standby->tell(Kind::kServe)) return false;
  standby->role = role;
  standby->ready = false;
  standby->started_at = clock_.now();
  standby->kill_at = clock_.now() + start_limit();
  return true;
}

base::Status<> Supervisor::spawn(Role role) {
  const bool anew = role == Role::kNext && next_plan_;
  HostOptions options{.program = anew ? options_.file : program_,
                      .program_file = anew ? next_file_.get() : program_file_.get(),
                      .arguments = options_.host,
                      .variables = variables_,
                      .sockets = anew ? next_plan_->sockets : plan_.sockets};
  auto& words = options.arguments;
  if (generation_ == 0) {
    words.insert(words.end(), options_.first.begin(), options_.first.end());
  } else if (!anew) {
    words.insert(words.end(), {"--generation", std::to_string(generation_)});
  }
  if (role == Role::kStandby) options.arguments.emplace_back("--standby");
  const std::string& user = anew ? next_plan_->user : plan_.user;
  if (!user.empty()) words.insert(words.end(), {"--user", user});
  auto host = Host::start(options, clock_);
  if (!host) return base::fail(std::move(host).error());
  host->role = role;
  host->stop = anew ? next_plan_->stop : plan_.stop;
  // The first may take its time: whoever started this program decides how long.
  const bool bounded = role == Role::kNext || (role == Role::kServing && was_ready_);
  if (bounded) host->kill_at = clock_.now() + start_limit();
  hosts_.push_back(std::move(*host));
  return base::done();
}

base::Duration Supervisor::start_limit() const noexcept {
  return std::max(options_.start_limit, 2 * longest_start_);
}

bool Supervisor::between_hosts() const {
  if (!was_ready_ || stops_ > 0 || !notify_.has_watchdog()) return false;
  // One that does not get ready is killed in time.
  return std::none_of(hosts_.begin(), hosts_.end(),
                      [](const Host& host) { return host.role == Role::kServing && host.ready; });
}

base::TimePoint Supervisor::next_due() const {
  base::TimePoint until = std::min({start_at_, standby_at_, planned_by_});
  if (between_hosts()) until = std::min(until, clock_.now() + kHeartbeat);
  bool unseen = planning_ && !planning_->seen();
  for (const Host& host : hosts_) {
    until = std::min(until, host.kill_at);
    unseen = unseen || host.descriptor() < 0;
  }
  return unseen ? std::min(until, clock_.now() + kLookAgain) : until;
}

void Supervisor::turn() {
  std::vector<pollfd> entries{{signals_->descriptor(), POLLIN, 0}};
  for (const Host& host : hosts_) {
    entries.push_back({host.link(), POLLIN, 0});
    entries.push_back({host.descriptor(), POLLIN, 0});
  }
  if (planning_) {
    entries.push_back({planning_->channel(), POLLIN, 0});
    entries.push_back({planning_->process().descriptor(), POLLIN, 0});
  }
  (void)net::wait_any(entries, next_due());
  // Who sends a signal may have heard from a host what that has told here before. Messages may
  // start hosts, which then have said nothing yet.
  for (std::size_t i = 0; i < hosts_.size(); ++i) read_link(i);
  while (const int number = signals_->next()) on_signal(number);
  if (code_) return;
  reap();
  if (code_) return;
  if (planning_ && planning_->advance()) on_planned();
  reap_others();
  do_what_is_due();
}

void Supervisor::do_what_is_due() {
  const base::TimePoint now = clock_.now();
  if (between_hosts()) notify_.alive();
  for (Host& host : hosts_) {
    if (now < host.kill_at) continue;
    const bool leaves = stops_ > 0 || host.role == Role::kLeaving;
    const char* const what = host.crashed ? " has crashed, has not ended in time and is killed"
                             : leaves     ? " has not stopped in time and is killed"
                                          : " is not ready in time and is killed";
    if (!host.refused) say(observe::Level::kError, host.text() + what);
    host.kill();
  }
  if (now >= planned_by_) give_up_succession("the configuration is not read in time");
  if (now >= start_at_) start_host();
  if (now < standby_at_) return;
  standby_at_ = base::TimePoint::max();
  const Host* const serving = find(Role::kServing);
  const bool wanted = plan_.standby && stops_ == 0 && find(Role::kStandby) == nullptr &&
                      find(Role::kNext) == nullptr && serving != nullptr && serving->ready;
  if (!wanted) return;  // whoever is ready next has it started
  if (auto spawned = spawn(Role::kStandby); !spawned) {
    say(observe::Level::kWarn, "no standby can be started: " + spawned.error().text);
    standby_at_ = now + standby_backoff_.next({});
  }
}

void Supervisor::read_link(std::size_t index) {
  base::HostMessage message;
  for (;;) {
    // Anew each time: a message may add a host, and so move this one.
    Host& host = hosts_[index];
    switch (host.receive(message)) {
      case base::Received::kMessage:
        on_message(host, message);
        break;
      case base::Received::kCrash:
        // It drains or ends, unless what it had to do for that hangs.
        host.crashed = true;
        host.kill_at = std::min(host.kill_at, clock_.now() + options_.crash_grace);
        break;
      case base::Received::kDrain:
        begin_drain(host, base::limits::kCrashDrain);
        break;
      case base::Received::kUnknown:
        break;
      case base::Received::kClosed:
      case base::Received::kNothing:
        return;
    }
  }
}

void Supervisor::on_message(Host& host, const base::HostMessage& message) {
  switch (message.kind) {
    case Kind::kReady:
    case Kind::kReloaded:
      return on_serving(host, message);
    case Kind::kAccepting:
      host.accepts = true;
      host.generation = message.generation;
      return;
    case Kind::kWarm:
      if (host.role != Role::kStandby) return;
      host.ready = true;
      return tell_of_standby();
    case Kind::kReloading:
      host.reloading = true;
      if (stops_ > 0 || host.role != Role::kServing) return;
      // It would not know what is loaded now.
      if (is_succeeding()) give_up_succession("a reload came between");
      notify_.reloading(clock_.now());
      return;
    case Kind::kAlive:
      // That others live tells nothing of the one that has to serve.
      if (host.role == Role::kServing || stops_ > 0) notify_.alive();
      return;
    case Kind::kStopping:
      if (stops_ > 0 || host.role != Role::kServing) return;
      begin_stop();
      return;
    case Kind::kDraining:
      return begin_drain(host, message.stop);
    case Kind::kReplace:
      return begin_replacement(host, std::string(message.text()));
    case Kind::kUpgrade:
      return begin_upgrade();
    case Kind::kWithdraw:
      return on_withdraw(host, message.text());
    case Kind::kUnused:
      host.unused.emplace_back(message.text());
      return;
    case Kind::kRefused:
      host.refused = true;
      return;
    case Kind::kWithdrawn:
    case Kind::kServe:
    case Kind::kLeave:
    case Kind::kNotReplaced:
    case Kind::kStandby:
      return;  // are no host's to send
  }
}

void Supervisor::on_serving(Host& host, const base::HostMessage& message) {
  if (host.role != Role::kServing && host.role != Role::kNext) return;
  host.reloading = false;
  host.stop = message.stop;
  host.generation = message.generation;
  if (host.crashed) return;  // it drains or ends, and has until kill_at for that
  const bool reloaded = message.kind == Kind::kReloaded;
  const bool changed = generation_ != message.generation;
  if (!reloaded) {
    host.ready = true;
    host.kill_at = base::TimePoint::max();
    longest_start_ = std::max(longest_start_, clock_.now() - host.started_at);
    withdraw([&host](const net::PlannedSocket& socket) {
      return std::find(host.unused.begin(), host.unused.end(), socket.name) != host.unused.end();
    });
  }
  if (stops_ > 0) {
    host.kill_at = std::min(host.kill_at, clock_.now() + host.stop + options_.stop_grace);
    return;
  }
  generation_ = message.generation;
  refusal_ = message.text();
  // One that came meanwhile; before a hand-over, so that nobody has to remember it.
  if (!reloaded && std::exchange(reload_wanted_, false)) host.signal(SIGHUP);
  if (host.role == Role::kNext) return take_over(host);
  if (!reloaded && std::exchange(was_ready_, true)) {
    notify_.status(serving_text());
  } else {
    notify_.ready(serving_text());
  }
  if (!reloaded || changed) restart_standby();
}

void Supervisor::begin_drain(Host& host, base::Duration time) {
  host.crashed = true;
  host.kill_at = clock_.now() + time + options_.crash_grace;
  const std::string what = host.text() + " has crashed and finishes what is in flight";
  switch (std::exchange(host.role, Role::kLeaving)) {
    case Role::kServing:
      if (stops_ == 0) return replace_host(host, what);
      stop_code_ = 1;  // which is no stop in order
      return;
    case Role::kNext:
      return give_up_succession(what);
    case Role::kStandby:
      say(observe::Level::kWarn, "the standby, " + what);
      return on_standby_lost(host);
    case Role::kLeaving:
      return;
  }
}

Host* Supervisor::find(Role role) noexcept {
  const auto found = std::find_if(hosts_.begin(), hosts_.end(),
                                  [role](const Host& host) { return host.role == role; });
  return found == hosts_.end() ? nullptr : &*found;
}

void Supervisor::say(observe::Level level, const std::string& text) const {
  const auto format = plan_.json_log ? observe::LogFormat::kJson : observe::LogFormat::kText;
  write_line(format, level, text, clock_);
}

std::string Supervisor::serving_text() const {
  std::string text = "serving generation " + std::to_string(generation_);
  if (!refusal_.empty()) text += "; a reload was refused: " + refusal_;
  return text;
}

}  // namespace berth::supervise
