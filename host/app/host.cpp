#include "app/host.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <functional>
#include <iostream>
#include <memory>
#include <utility>

#include "app/boot.h"
#include "app/control_server.h"
#include "app/crash_drain.h"
#include "app/crash_ledger.h"
#include "app/fault_handler.h"
#include "app/generation.h"
#include "app/heartbeat.h"
#include "app/open_listeners.h"
#include "app/options.h"
#include "app/plugin_log.h"
#include "app/process.h"
#include "app/reloader.h"
#include "app/server.h"
#include "app/supervisor_link.h"
#include "app/watcher.h"
#include "base/alternate_stack.h"
#include "base/clock.h"
#include "base/signals.h"
#include "config/load.h"
#include "net/descriptor_limit.h"
#include "net/wait.h"
#include "observe/crash_board.h"
#include "plugin/private_folder.h"
#include "serve/request.h"
#include "serve/response_writer.h"

namespace berth::app {

namespace {

using namespace std::chrono_literals;
using Kind = base::HostMessage::Kind;

// How often a stop looks for the second signal; a drained server does not wait for it.
constexpr auto kSignalPoll = 50ms;
// For threads to notice that their connection was cut.
constexpr auto kThreadEnd = 1s;
// For the control thread, which may just wait for a turn of loops that have ended.
constexpr auto kReloadEnd = 5s;
constexpr auto kLogEnd = 1s;
// How often a drain after a crash looks whether it is over.
constexpr auto kDrainPoll = 5ms;
// A drain after a crash is given up where a loop is stuck for so long.
constexpr auto kNoTurn = 200ms;
constexpr useconds_t kFaultEndMicroseconds = 5'000'000;
constexpr int kCrashedExit = 1;

// Between two signs of life; systemd's WatchdogSec= has to be twice as long at least.
constexpr auto kHeartbeat = 500ms;

base::Duration duration_of_stop(const config::Timeouts& timeouts) {
  return timeouts.drain_delay + timeouts.shutdown;
}

// Everything between "started" and "ended", in the order of start; stop() is its mirror image.
class Host {
 public:
  Host(Reloader& reloader, Server& server, ControlServer& control, base::Signals& signals,
       SupervisorLink& supervisor, CrashDrain& drain, observe::Log& log, const base::Clock& clock)
      : reloader_(reloader),
        server_(server),
        control_(control),
        signals_(signals),
        supervisor_(supervisor),
        drain_(drain),
        log_(log),
        clock_(clock) {}

  int run();

 private:
  [[nodiscard]] base::Status<> start();
  // Until a signal, or the end of the supervisor, ends it.
  void serve();
  // A handler has crashed: its client gets a 500, the others finish what they have in flight, and
  // the process ends of what crashed it.
  [[noreturn]] void drain_and_end();
  // The next signal, or 0: none came until then, or (with `link`) something came from the
  // supervisor, or a thread has crashed.
  [[nodiscard]] int wait_signal(base::TimePoint deadline, bool link = false);
  // False: a thread is still inside a handler, so the process can only be left by _exit().
  [[nodiscard]] bool stop();
  // Waits for connections to end; false: the deadline passed or a second signal came.
  [[nodiscard]] bool wait_drained(base::TimePoint deadline);

  Reloader& reloader_;
  Server& server_;
  ControlServer& control_;
  base::Signals& signals_;
  SupervisorLink& supervisor_;
  CrashDrain& drain_;
  observe::Log& log_;
  const base::Clock& clock_;
  bool second_signal_ = false;
};

base::Status<> Host::start() {
  if (auto status = server_.start(); !status) return status;
  if (auto status = reloader_.start(); !status) return status;
  return control_.start();
}

int Host::run() {
  if (auto status = start(); !status) {
    const int code = refuse(status.error().text);
    reloader_.begin_stop();
    const base::TimePoint deadline = clock_.now() + kThreadEnd;
    const bool ended = reloader_.end(deadline) && server_.end(deadline);
    if (ended && reloader_.stop_plugins()) return code;
    supervisor_.send(Kind::kRefused);
    (void)log_.stop(kLogEnd);
    ::_exit(code);
  }
  const ServerStatus status = reloader_.status();
  log_.info("serving", {{"version", version()},
                        {"configuration", status.configuration},
                        {"generation", status.generation.number},
                        {"routes", status.routes},
                        {"plugins", status.generation.plugins.size()}});
  if (!status.last_good_because.empty()) {
    log_.error("an older generation serves: what the files say is refused",
               {{"origin", status.generation.origin}, {"why", status.last_good_because}});
  }
  supervisor_.send_serving(Kind::kReady, status.generation.number,
                           duration_of_stop(reloader_.timeouts()));
  serve();
  const bool clean = stop();
  log_.info("stopped", {{"requests", server_.counters().total(observe::Counter::kRequests)}});
  (void)log_.stop(kLogEnd);
  // A handler that never returned owns its stack and its plugin: neither can be taken down under
  // it.
  if (!clean) ::_exit(0);
  return 0;
}

void Host::serve() {
  Heartbeat heartbeat(server_);
  const bool beats = supervisor_.supervised();
  base::TimePoint next = beats ? clock_.now() : base::TimePoint::max();
  for (;;) {
    const int signal = wait_signal(next, true);
    if (drain_.parked() != nullptr) drain_and_end();
    if (signal == SIGHUP) reloader_.request_reload("SIGHUP");
    if (signal != 0 && signal != SIGHUP) return;
    if (supervisor_.ended()) {
      log_.error("the supervisor has ended, so this host stops");
      return;
    }
    if (!beats || clock_.now() < next) continue;
    if (heartbeat.beat()) supervisor_.send(Kind::kAlive);
    next = clock_.now() + kHeartbeat;
  }
}

int Host::wait_signal(base::TimePoint deadline, bool link) {
  for (;;) {
    if (const int signal = signals_.next()) return signal;
    std::array<pollfd, 3> entries{{{signals_.descriptor(), POLLIN, 0},
                                   {link ? supervisor_.descriptor() : -1, POLLIN, 0},
                                   {link ? drain_.descriptor() : -1, POLLIN, 0}}};
    if (clock_.now() >= deadline) return 0;
    (void)net::wait_any(entries, deadline);
    if (entries[1].revents != 0 || entries[2].revents != 0) return signals_.next();
  }
}

void Host::drain_and_end() {
  log_.error("a handler has crashed: its report is above; the others finish what they have begun",
             {{"connections", server_.connections()}});
  // That thread is parked inside the handler, so nobody else touches its exchange.
  const_cast<serve::Request&>(drain_.parked()->request()).connected().abandon();
  server_.announce_stop();
  reloader_.begin_stop();
  server_.begin_stop(base::limits::kIdleDrain);
  const base::TimePoint deadline = clock_.now() + base::limits::kCrashDrain;
  base::TimePoint turning_at = clock_.now();
  int signal = 0;
  // The one that crashed keeps its connection.
  while (server_.connections() > 1 && clock_.now() < deadline &&
         (signal == 0 || signal == SIGHUP)) {
    signal = wait_signal(clock_.now() + kDrainPoll);
    // What it had locked, or has damaged, may stop the others, too.
    if (server_.stuck_loops() == 0) turning_at = clock_.now();
    if (clock_.now() - turning_at > kNoTurn) break;
  }
  log_.info("the process ends after a crash", {{"connections", server_.connections() - 1}});
  (void)log_.stop(kLogEnd);
  drain_.release();
  // Of the fault, which is repeated; what follows is for a sanitizer's handler that returns.
  ::usleep(kFaultEndMicroseconds);
  ::_exit(kCrashedExit);
}

bool Host::wait_drained(base::TimePoint deadline) {
  while (!second_signal_) {
    const base::TimePoint now = clock_.now();
    if (server_.wait_drained(std::min(deadline, now + kSignalPoll))) return true;
    if (clock_.now() >= deadline) return false;
    const int signal = signals_.next();
    second_signal_ = signal != 0 && signal != SIGHUP;
  }
  return false;
}

bool Host::stop() {
  const config::Timeouts timeouts = reloader_.timeouts();
  supervisor_.send(Kind::kStopping);
  log_.info("stopping", {{"connections", server_.connections()}});
  server_.announce_stop();
  reloader_.begin_stop();
  if (timeouts.drain_delay > base::Duration::zero()) {
    // Whoever balances load learns meanwhile that we go.
    int signal = SIGHUP;  // which ends nothing
    const base::TimePoint until = clock_.now() + timeouts.drain_delay;
    while (signal == SIGHUP) signal = wait_signal(until);
    second_signal_ = signal != 0;
  }
  const base::TimePoint deadline = clock_.now() + timeouts.shutdown;
  supervisor_.withdraw();  // before the loops take what waits there
  server_.begin_stop();
  if (!wait_drained(deadline)) {
    log_.warn(second_signal_ ? "second signal: connections are cut"
                             : "timeouts.shutdown is over: connections are cut",
              {{"connections", server_.connections()}});
    server_.cut();
  }
  // To the last it tells how the stop goes on.
  supervisor_.withdraw(kPlannedControl);
  const bool control_ended = control_.stop();
  const base::TimePoint end = clock_.now() + kThreadEnd;
  const bool handlers_ended = server_.end(end);
  if (!handlers_ended) log_.warn("a handler has not returned: its plugin is not stopped");
  const bool reload_ended = reloader_.end(clock_.now() + kReloadEnd);
  if (!reload_ended)
    log_.warn("a plugin did not return from a call of the reload that was given up");
  if (!handlers_ended || !reload_ended) return false;
  return reloader_.stop_plugins() && control_ended;
}

// What no listener has named.
void close_unused(net::InheritedSockets inherited, const SupervisorLink& supervisor,
                  observe::Log& log) {
  for (const std::string& name : inherited.names()) {
    log.warn("an inherited descriptor is closed: no listener names it",
             {{"name", without_plan(name)}});
    supervisor.send(Kind::kUnused, name);
  }
}

int serve_start(Start start, bool last_good, SupervisorLink& supervisor) {
  GenerationSource& source = start.source;
  GenerationStore* const kept = start.store ? &*start.store : nullptr;
  auto signals = base::Signals::open();
  if (!signals) return refuse(signals.error().text);
  const base::Clock& clock = base::system_clock();
  auto log = observe::Log::open(log_options(source.loaded.configuration->log), clock);
  if (!log) return refuse(log.error().text);
  if (auto limit = net::raise_descriptor_limit(); !limit) {
    (*log)->warn("the limit of open descriptors stays as it is", {{"error", limit.error().text}});
  }
  if (!start.store) {
    (*log)->warn("no generation is kept, so there is no way back",
                 {{"error", start.store.error().text}});
  }
  base::Result<CrashLedger> crashes =
      start.store ? CrashLedger::open(start.store->folder() + "/crashes")
                  : base::Result<CrashLedger>(base::fail(start.store.error()));
  if (start.store && !crashes) {
    (*log)->warn("crashes are not remembered, so that no plugin is quarantined",
                 {{"error", crashes.error().text}});
  }
  const CrashLedger* const remembered = crashes ? &*crashes : nullptr;
  auto folder = plugin::PrivateFolder::create(start.state);
  if (!folder) return refuse(folder.error().text);
  auto drain = CrashDrain::open();
  if (!drain) return refuse(drain.error().text);
  auto board = observe::CrashBoard::create();
  if (!board) return refuse(board.error().text);
  const auto faults = FaultHandler::install({.board = *board,
                                             .link = supervisor.descriptor(),
                                             .ledger = remembered,
                                             .drain = drain->get(),
                                             .folder = crash_folder(start.state)});
  if (!faults) (*log)->warn("crashes are not reported", {{"why", faults.error().text}});

  const plugin::LoadContext context{.folder = **folder};
  PluginLog sink(**log);
  Boot boot(source, std::move(start.because),
            {.environment = start.environment,
             .context = context,
             .sink = sink,
             .log = **log,
             .clock = clock,
             .store = kept,
             .crashes = remembered,
             .last_good = last_good});
  std::optional<FirstGeneration> first;
  std::unique_ptr<Server> server;
  const auto leave = [&](int code) {
    if (boot.take_down()) return code;
    supervisor.send(Kind::kRefused);
    (void)(*log)->stop(kLogEnd);
    ::_exit(code);
  };
  for (;;) {
    first = boot.next();
    // Of the files, also where an older generation is tried by now.
    if (!first) {
      std::cerr << source.loaded.diagnostics.render(colour_of_stderr());
      return leave(1);
    }
    auto spare = start.inherited.duplicate();
    if (!spare) {
      first.reset();
      return leave(refuse(spare.error().text));
    }
    auto opened = Server::open(first->generation->configuration(), first->generation->root(), **log,
                               clock, start.inherited);
    if (!opened) {
      std::cerr << source.loaded.diagnostics.render(colour_of_stderr());
      std::cerr
          << boot.diagnostics().with_only(std::move(opened).error()).render(colour_of_stderr());
      first.reset();
      return leave(1);
    }
    server = std::move(*opened);
    if (boot.start(*first)) break;
    server.reset();
    start.inherited = std::move(*spare);
  }
  std::cerr << source.loaded.diagnostics.render(colour_of_stderr());
  const Generation& generation = *first->generation;
  const config::Recording first_read = first->recording;
  std::unique_ptr<Watcher> watcher;            // behind whom it calls
  std::function<config::Timeouts()> timeouts;  // likewise
  std::function<config::OnCrash()> on_crash;   // likewise
  Reloader reloader(
      {.server = *server,
       .log = **log,
       .clock = clock,
       .context = context,
       .sink = sink,
       .environment = start.environment,
       .store = kept,
       .crashes = remembered,
       .on_read =
           [&watcher](const config::Recording& recording, const config::Configuration& read) {
             if (watcher) watcher->watch(FileWatch::targets_of(recording, read));
           },
       .on_begin = [&supervisor] { supervisor.send(Kind::kReloading); },
       .on_end =
           [&supervisor, &timeouts, &drain, &on_crash](const ReloadReport& report) {
             (*drain)->allow(on_crash() == config::OnCrash::kDrain);
             supervisor.send_serving(Kind::kReloaded, report.generation,
                                     duration_of_stop(timeouts()), report.refused);
           },
       .supervisor = supervisor.supervised() ? ::getppid() : 0,
       .request_stop =
           [&log](const std::string& asked_by) {
             (*log)->info("a stop was asked for", {{"asked_by", asked_by}});
             (void)::kill(::getpid(), SIGTERM);
           }},
      std::move(*first));
  timeouts = [&reloader] { return reloader.timeouts(); };
  on_crash = [&reloader] { return reloader.on_crash(); };
  (*drain)->allow(on_crash() == config::OnCrash::kDrain);
  auto planned = start.inherited.take(kPlannedControl);
  auto control = ControlServer::open(
      {.socket = generation.configuration().control, .environment = start.runtime}, reloader, **log,
      clock, planned.empty() ? base::Descriptor() : std::move(planned.front()));
  // Behind the start of the plugins, which are stopped again.
  const auto give_up = [&](int code) {
    const bool stopped = reloader.stop_plugins();
    if (stopped) return code;
    supervisor.send(Kind::kRefused);
    (void)(*log)->stop(kLogEnd);
    ::_exit(code);
  };
  if (!control) {
    std::cerr
        << boot.diagnostics().with_only({std::move(control).error()}).render(colour_of_stderr());
    return give_up(1);
  }
  close_unused(std::move(start.inherited), supervisor, **log);
  if (generation.configuration().watch) {
    auto opened = Watcher::open([&reloader] { reloader.request_reload("watch"); }, **log, clock);
    if (!opened) return give_up(refuse(opened.error().text));
    watcher = std::move(*opened);
    watcher->watch(FileWatch::targets_of(first_read, generation.configuration()));
    if (auto status = watcher->start(); !status) return give_up(refuse(status.error().text));
  }
  const int code =
      Host(reloader, *server, **control, *signals, supervisor, **drain, **log, clock).run();
  watcher.reset();
  return code;
}

}  // namespace

int run_host(const RunOptions& options) {
  const base::AlternateStack own_faults;  // this thread calls plugins, too
  SupervisorLink supervisor(take_descriptor("BERTH_LINK"));
  const base::Descriptor board = take_descriptor("BERTH_BOARD");
  auto start = begin_start(options, supervisor.supervised());
  int code = 1;
  if (start) {
    if (!start->because.empty()) std::cerr << start->findings;
    code = serve_start(std::move(*start), options.last_good || options.generation, supervisor);
  }
  if (code != 0) supervisor.send(Kind::kRefused);
  return code;
}

}  // namespace berth::app
