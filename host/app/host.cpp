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

#include "app/arenas.h"
#include "app/boot.h"
#include "app/control_server.h"
#include "app/crash_drain.h"
#include "app/crash_ledger.h"
#include "app/fault_handler.h"
#include "app/generation.h"
#include "app/open_listeners.h"
#include "app/options.h"
#include "app/plugin_log.h"
#include "app/process.h"
#include "app/reloader.h"
#include "app/server.h"
#include "app/serving_host.h"
#include "app/succession.h"
#include "app/supervisor_link.h"
#include "app/verdicts.h"
#include "app/watcher.h"
#include "base/alternate_stack.h"
#include "base/clock.h"
#include "base/identity.h"
#include "base/privileges.h"
#include "base/signals.h"
#include "config/load.h"
#include "net/descriptor_limit.h"
#include "net/wait.h"
#include "plugin/private_folder.h"

namespace berth::app {

namespace {

using namespace std::chrono_literals;
using Kind = base::HostMessage::Kind;

// For the log to be written where the process ends.
constexpr auto kLogEnd = 1s;

// What no listener has named.
void close_unused(net::InheritedSockets inherited, const SupervisorLink& supervisor,
                  observe::Log& log) {
  for (const std::string& name : inherited.names()) {
    log.warn("an inherited descriptor is closed: no listener names it",
             {{"name", without_plan(name)}});
    supervisor.send(Kind::kUnused, name);
  }
}

// What lies there is in this process, whoever may write it, and in all that handlers start: for
// whoever has not meant it (faults.md 76). It is passed on: allocators and profilers come so.
void warn_of_loader(const config::Environment& environment, observe::Log& log) {
  for (const char* const name : {"LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH"}) {
    const std::string* const value = environment.find(name);
    if (value == nullptr || value->empty()) continue;
    log.warn("the environment tells the loader which libraries to take",
             {{"variable", name}, {"value", *value}});
  }
}

// Until the supervisor says that it is this host's turn; false: it never will be.
bool wait_turn(SupervisorLink& supervisor, base::Signals& signals) {
  for (;;) {
    while (const auto message = supervisor.next()) {
      if (message->kind == Kind::kServe) return true;
    }
    if (supervisor.ended()) return false;
    while (const int signal = signals.next()) {
      if (signal != SIGHUP) return false;
    }
    std::array<pollfd, 2> entries{
        {{signals.descriptor(), POLLIN, 0}, {supervisor.descriptor(), POLLIN, 0}}};
    (void)net::wait_any(entries, base::TimePoint::max());
  }
}

int serve_start(Start start, const RunOptions& options, SupervisorLink& supervisor) {
  const bool last_good = options.last_good || options.generation;
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
  warn_of_loader(start.environment, **log);
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
  const auto faults = FaultHandler::install({.link = supervisor.descriptor(),
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
  Succession succession(supervisor);
  bool waits = options.standby;
  std::optional<FirstGeneration> first;
  std::unique_ptr<Server> server;
  const auto leave = [&](int code) {
    if (boot.take_down()) return code;
    supervisor.send(Kind::kRefused);
    (void)(*log)->stop(kLogEnd);
    ::_exit(code);
  };
  const auto history = [remembered] {
    return remembered == nullptr ? CrashHistory() : remembered->history();
  };
  for (;;) {
    const CrashHistory before = history();
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
    bool stale = false;
    if (std::exchange(waits, false)) {
      const Verdicts made_with = verdicts_on(*first->generation, before);
      supervisor.send_serving(Kind::kWarm, first->generation->number(), {});
      if (!wait_turn(supervisor, *signals)) {
        server.reset();
        first.reset();
        return leave(0);
      }
      // Of the crash, say, that has made it its turn.
      stale = made_with != verdicts_on(*first->generation, history());
    }
    if (!stale && boot.start(*first)) break;
    server.reset();
    if (stale) first.reset();
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
       .succession = succession,
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
  ServingHost host({.reloader = reloader,
                    .server = *server,
                    .control = **control,
                    .signals = *signals,
                    .supervisor = supervisor,
                    .succession = succession,
                    .drain = **drain,
                    .log = **log,
                    .clock = clock},
                   options.generation.has_value());
  const int code = host.run();
  watcher.reset();
  return code;
}

}  // namespace

int run_host(const RunOptions& options) {
  bound_arenas();
  const base::AlternateStack own_faults;  // this thread calls plugins, too
  SupervisorLink supervisor(take_descriptor("BERTH_LINK"));
  auto given_up = options.user ? base::become(*options.user) : base::done();
  // On its own it has to bind its listeners yet, and has threads by then.
  if (given_up && supervisor.supervised()) given_up = base::give_up_privileges();
  int code = 1;
  if (!given_up) {
    code = refuse(given_up.error().text);
  } else if (auto start = begin_start(options, supervisor.supervised())) {
    if (!start->because.empty()) std::cerr << start->findings;
    // Root that its supervisor has not told whom to become.
    code = start->user ? refuse(kUserAlone) : serve_start(std::move(*start), options, supervisor);
  }
  if (code != 0) supervisor.send(Kind::kRefused);
  return code;
}

}  // namespace berth::app
