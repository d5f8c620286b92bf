#include "app/host.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>
#include <memory>
#include <utility>

#include "app/boot.h"
#include "app/control_server.h"
#include "app/generation.h"
#include "app/generation_source.h"
#include "app/generation_store.h"
#include "app/options.h"
#include "app/plugin_log.h"
#include "app/process.h"
#include "app/reloader.h"
#include "app/server.h"
#include "app/signals.h"
#include "app/validate.h"
#include "app/watcher.h"
#include "base/clock.h"
#include "config/load.h"
#include "net/descriptor_limit.h"
#include "plugin/private_folder.h"

namespace berth::app {

namespace {

using namespace std::chrono_literals;

// How often a stop looks for the second signal; a drained server does not wait for it.
constexpr auto kSignalPoll = 50ms;
// For threads to notice that their connection was cut.
constexpr auto kThreadEnd = 1s;
// For the control thread, which may just wait for a turn of loops that have ended.
constexpr auto kReloadEnd = 5s;
constexpr auto kLogEnd = 1s;

int refuse(std::string_view text) {
  std::cerr << "berth: error: " << text << '\n';
  return 1;
}

// Everything between "started" and "ended", in the order of start; stop() is its mirror image.
class Host {
 public:
  Host(Reloader& reloader, Server& server, ControlServer& control, Signals& signals,
       observe::Log& log, const base::Clock& clock)
      : reloader_(reloader),
        server_(server),
        control_(control),
        signals_(signals),
        log_(log),
        clock_(clock) {}

  int run();

 private:
  [[nodiscard]] base::Status<> start();
  // False: a thread is still inside a handler, so the process can only be left by _exit().
  [[nodiscard]] bool stop();
  // Waits for connections to end; false: the deadline passed or a second signal came.
  [[nodiscard]] bool wait_drained(base::TimePoint deadline);

  Reloader& reloader_;
  Server& server_;
  ControlServer& control_;
  Signals& signals_;
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
  for (int signal = 0; signal == 0 || signal == SIGHUP;) {
    signal = signals_.wait(base::TimePoint::max(), clock_);
    if (signal == SIGHUP) reloader_.request_reload("SIGHUP");
  }
  const bool clean = stop();
  log_.info("stopped", {{"requests", server_.counters().total(observe::Counter::kRequests)}});
  (void)log_.stop(kLogEnd);
  // A handler that never returned owns its stack and its plugin: neither can be taken down under
  // it.
  if (!clean) ::_exit(0);
  return 0;
}

bool Host::wait_drained(base::TimePoint deadline) {
  while (!second_signal_) {
    const base::TimePoint now = clock_.now();
    if (server_.wait_drained(std::min(deadline, now + kSignalPoll))) return true;
    if (clock_.now() >= deadline) return false;
    const int signal = signals_.wait(base::TimePoint::min(), clock_);
    second_signal_ = signal != 0 && signal != SIGHUP;
  }
  return false;
}

bool Host::stop() {
  const config::Timeouts timeouts = reloader_.timeouts();
  log_.info("stopping", {{"connections", server_.connections()}});
  server_.announce_stop();
  reloader_.begin_stop();
  if (timeouts.drain_delay > base::Duration::zero()) {
    // Whoever balances load learns meanwhile that we go.
    int signal = SIGHUP;  // which ends nothing
    const base::TimePoint until = clock_.now() + timeouts.drain_delay;
    while (signal == SIGHUP) signal = signals_.wait(until, clock_);
    second_signal_ = signal != 0;
  }
  const base::TimePoint deadline = clock_.now() + timeouts.shutdown;
  server_.begin_stop();
  if (!wait_drained(deadline)) {
    log_.warn(second_signal_ ? "second signal: connections are cut"
                             : "timeouts.shutdown is over: connections are cut",
              {{"connections", server_.connections()}});
    server_.cut();
  }
  // To the last it tells how the stop goes on.
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

// How many generations are kept stands in the configuration; where that cannot be read, none goes.
base::Result<GenerationStore> open_store(const std::string& state, const std::string& file,
                                         const GenerationSource& source) {
  const auto& read = source.loaded.configuration;
  return GenerationStore::open(state, file, read ? read->generations : UINT64_MAX);
}

}  // namespace

int run_host(const RunOptions& options) {
  if (::geteuid() == 0 && !options.allow_root) {
    return refuse(
        "berth does not serve as root: plugins would run with all rights\n"
        "help: run it as another user, or give --allow-root if that is what you want");
  }
  auto inherited = take_inherited_sockets();
  if (!inherited) return refuse(inherited.error().text);
  const config::Environment environment = config::Environment::of_process();
  const RuntimeEnvironment runtime = runtime_environment();
  const auto state = plugin::state_folder(state_environment());
  if (!state) return refuse(state.error().text);
  GenerationSource source = read_files(options.file, environment);
  auto store = open_store(*state, options.file, source);
  std::string because;
  const std::string findings = source.loaded.diagnostics.render(colour_of_stderr());
  if (!choose_source(source, store ? &*store : nullptr, options.last_good, environment, because)) {
    // Its plugins are looked at all the same, so that everything wrong is said at once.
    (void)validate(options.file);
    return 1;
  }
  if (!because.empty()) {
    std::cerr << findings;
    store = open_store(*state, options.file, source);  // which knows how many are kept
  }
  GenerationStore* const kept = store ? &*store : nullptr;
  auto signals = Signals::open();
  if (!signals) return refuse(signals.error().text);
  const base::Clock& clock = base::system_clock();
  auto log = observe::Log::open(log_options(source.loaded.configuration->log), clock);
  if (!log) return refuse(log.error().text);
  if (auto limit = net::raise_descriptor_limit(); !limit) {
    (*log)->warn("the limit of open descriptors stays as it is", {{"error", limit.error().text}});
  }
  if (!store) {
    (*log)->warn("no generation is kept, so there is no way back", {{"error", store.error().text}});
  }
  auto folder = plugin::PrivateFolder::create(*state);
  if (!folder) return refuse(folder.error().text);

  const plugin::LoadContext context{.folder = **folder};
  PluginLog sink(**log);
  Boot boot(source, std::move(because),
            {.environment = environment,
             .context = context,
             .sink = sink,
             .log = **log,
             .clock = clock,
             .store = kept,
             .last_good = options.last_good});
  std::optional<FirstGeneration> first;
  std::unique_ptr<Server> server;
  const auto leave = [&](int code) {
    (void)(*log)->stop(kLogEnd);
    if (!boot.take_down()) ::_exit(code);
    return code;
  };
  for (;;) {
    first = boot.next();
    // Of the files, also where an older generation is tried by now.
    if (!first) {
      std::cerr << source.loaded.diagnostics.render(colour_of_stderr());
      return leave(1);
    }
    auto spare = inherited->duplicate();
    if (!spare) {
      first.reset();
      return leave(refuse(spare.error().text));
    }
    auto opened = Server::open(first->generation->configuration(), first->generation->root(), **log,
                               clock, std::move(*inherited));
    if (!opened) {
      std::cerr
          << boot.diagnostics().with_only(std::move(opened).error()).render(colour_of_stderr());
      first.reset();
      return leave(1);
    }
    server = std::move(*opened);
    if (boot.start(*first)) break;
    server.reset();
    *inherited = std::move(*spare);
  }
  std::cerr << source.loaded.diagnostics.render(colour_of_stderr());
  const Generation& generation = *first->generation;
  const config::Recording first_read = first->recording;
  std::unique_ptr<Watcher> watcher;  // behind whom it calls
  Reloader reloader(
      {.server = *server,
       .log = **log,
       .clock = clock,
       .context = context,
       .sink = sink,
       .environment = environment,
       .store = kept,
       .on_read =
           [&watcher](const config::Recording& recording, const config::Configuration& read) {
             if (watcher) watcher->watch(FileWatch::targets_of(recording, read));
           },
       .request_stop =
           [&log](const std::string& asked_by) {
             (*log)->info("a stop was asked for", {{"asked_by", asked_by}});
             (void)::kill(::getpid(), SIGTERM);
           }},
      std::move(*first));
  auto control =
      ControlServer::open({.socket = generation.configuration().control, .environment = runtime},
                          reloader, **log, clock);
  // Behind the start of the plugins, which are stopped again.
  const auto give_up = [&](int code) {
    const bool stopped = reloader.stop_plugins();
    if (stopped) return code;
    (void)(*log)->stop(kLogEnd);
    ::_exit(code);
  };
  if (!control) {
    std::cerr
        << boot.diagnostics().with_only({std::move(control).error()}).render(colour_of_stderr());
    return give_up(1);
  }
  if (generation.configuration().watch) {
    auto opened = Watcher::open([&reloader] { reloader.request_reload("watch"); }, **log, clock);
    if (!opened) return give_up(refuse(opened.error().text));
    watcher = std::move(*opened);
    watcher->watch(FileWatch::targets_of(first_read, generation.configuration()));
    if (auto status = watcher->start(); !status) return give_up(refuse(status.error().text));
  }
  const int code = Host(reloader, *server, **control, *signals, **log, clock).run();
  watcher.reset();
  return code;
}

}  // namespace berth::app
