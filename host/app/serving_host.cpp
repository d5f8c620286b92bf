#include "app/serving_host.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>

#include "app/heartbeat.h"
#include "app/open_listeners.h"
#include "app/process.h"
#include "app/recycle.h"
#include "app/start.h"
#include "base/limits.h"
#include "net/wait.h"
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
constexpr auto kHeartbeat = base::limits::kStuckPeriod;
// Between two looks whether another host should take over; behind one that came to nothing, too.
constexpr auto kRecycleLook = 10s;
// A host that has taken another's place serves for so long at least, or one that is too large from
// the start would be replaced for ever.
constexpr auto kRecycleRest = 60s;

}  // namespace

base::Duration duration_of_stop(const config::Timeouts& timeouts) {
  return timeouts.drain_delay + timeouts.shutdown;
}

ServingHost::ServingHost(const ServingHostParts& parts, bool replaces)
    : reloader_(parts.reloader),
      server_(parts.server),
      control_(parts.control),
      signals_(parts.signals),
      supervisor_(parts.supervisor),
      succession_(parts.succession),
      drain_(parts.drain),
      log_(parts.log),
      clock_(parts.clock),
      look_at_(started_at_ + (replaces ? kRecycleRest : base::Duration::zero())) {}

base::Status<> ServingHost::start() {
  supervisor_.send_serving(Kind::kAccepting, reloader_.status().generation.number, {});
  if (auto status = server_.start(); !status) return status;
  if (auto status = reloader_.start(); !status) return status;
  return control_.start();
}

int ServingHost::run() {
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

void ServingHost::serve() {
  Heartbeat heartbeat(server_);
  const bool beats = supervisor_.supervised();
  base::TimePoint next = clock_.now();
  for (;;) {
    const int signal = wait_signal(next, Wake::kSupervisor);
    if (drain_.parked() != nullptr) drain_and_end();
    if (signal == SIGHUP) reloader_.request_reload("SIGHUP");
    if (signal != 0 && signal != SIGHUP) return;
    while (const auto message = supervisor_.next()) on_message(*message);
    if (leaves_) return;
    if (supervisor_.ended()) {
      log_.error("the supervisor has ended, so this host stops");
      return;
    }
    if (clock_.now() < next) continue;
    if (beats) {
      if (heartbeat.beat()) supervisor_.send(Kind::kAlive);
      look_after_size();
    }
    server_.watch_calls();
    next = clock_.now() + kHeartbeat;
  }
}

void ServingHost::on_message(const base::HostMessage& message) {
  switch (message.kind) {
    case Kind::kLeave:
      leaves_ = true;
      log_.info("another host serves, so this one leaves", {{"by", message.text()}});
      return succession_.on_replaced(message.text());
    case Kind::kNotReplaced:
      return succession_.on_not_replaced(message.text());
    case Kind::kStandby:
      return succession_.on_standby(message.text());
    default:
      return;  // an answer that came late
  }
}

void ServingHost::look_after_size() {
  if (clock_.now() < look_at_) return;
  look_at_ = clock_.now() + kRecycleLook;
  const std::string why =
      recycle_reason(reloader_.recycle(), {.retired_images = reloader_.retired_images(),
                                           .memory = resident_memory(),
                                           .age = clock_.now() - started_at_});
  if (!why.empty()) (void)succession_.ask_to_be_replaced(why);
}

int ServingHost::wait_signal(base::TimePoint deadline, Wake wake) {
  for (;;) {
    if (const int signal = signals_.next()) return signal;
    std::array<pollfd, 3> entries{
        {{signals_.descriptor(), POLLIN, 0},
         {wake == Wake::kSupervisor ? supervisor_.descriptor() : -1, POLLIN, 0},
         {wake != Wake::kSignal ? drain_.descriptor() : -1, POLLIN, 0}}};
    if (clock_.now() >= deadline) return 0;
    (void)net::wait_any(entries, deadline);
    if (entries[1].revents != 0 || entries[2].revents != 0) return signals_.next();
  }
}

void ServingHost::drain_and_end() {
  log_.error("a handler has crashed: its report is above; the others finish what they have begun",
             {{"connections", server_.connections()}});
  // That thread is parked inside the handler, so nobody else touches its exchange.
  const_cast<serve::Request&>(drain_.parked()->request()).connected().abandon();
  supervisor_.send_serving(Kind::kDraining, 0, base::limits::kCrashDrain);
  if (!draining_) {
    if (!supervisor_.supervised()) server_.announce_stop();
    reloader_.begin_stop();
    succession_.end();
    server_.begin_stop({.idle_grace = base::limits::kIdleDrain,
                        .time = base::limits::kCrashDrain,
                        .takes_queued = !supervisor_.supervised()});
  }
  (void)control_.stop();  // the next host answers there
  const base::TimePoint deadline = clock_.now() + base::limits::kCrashDrain;
  base::TimePoint turning_at = clock_.now();
  base::TimePoint tell_at = turning_at;
  int signal = 0;
  // The one that crashed keeps its connection.
  while ((server_.accepts() || server_.connections() > 1) && clock_.now() < deadline &&
         (signal == 0 || signal == SIGHUP)) {
    signal = wait_signal(clock_.now() + kDrainPoll, Wake::kSignal);
    // What it had locked, or has damaged, may stop the others, too.
    if (server_.stuck_loops() == 0) turning_at = clock_.now();
    if (clock_.now() - turning_at > kNoTurn) break;
    if (clock_.now() < tell_at) continue;
    supervisor_.send(Kind::kAlive);  // or a watchdog ends what is just being finished
    tell_at = clock_.now() + kHeartbeat;
  }
  log_.info("the process ends after a crash",
            {{"connections", std::max<std::size_t>(server_.connections(), 1) - 1}});
  (void)log_.stop(kLogEnd);
  drain_.release();
  // Of the fault, which is repeated; what follows is for a sanitizer's handler that returns.
  ::usleep(kFaultEndMicroseconds);
  ::_exit(kCrashedExit);
}

bool ServingHost::wait_drained(base::TimePoint deadline) {
  while (!second_signal_) {
    const base::TimePoint now = clock_.now();
    if (server_.wait_drained(std::min(deadline, now + kSignalPoll))) return true;
    if (clock_.now() >= deadline) return false;
    if (drain_.parked() != nullptr) drain_and_end();
    const int signal = signals_.next();
    second_signal_ = signal != 0 && signal != SIGHUP;
  }
  return false;
}

bool ServingHost::stop() {
  const config::Timeouts timeouts = reloader_.timeouts();
  log_.info("stopping", {{"connections", server_.connections()}});
  if (!leaves_) {
    supervisor_.send(Kind::kStopping);
    server_.announce_stop();
  }
  reloader_.begin_stop();
  succession_.end();
  if (timeouts.drain_delay > base::Duration::zero() && !leaves_) {
    // Whoever balances load learns meanwhile that we go.
    int signal = SIGHUP;  // which ends nothing
    const base::TimePoint until = clock_.now() + timeouts.drain_delay;
    while (signal == SIGHUP) {
      signal = wait_signal(until, Wake::kCrash);
      if (drain_.parked() != nullptr) drain_and_end();
    }
    second_signal_ = signal != 0;
  }
  const base::TimePoint deadline = clock_.now() + timeouts.shutdown;
  bool control_ended = true;
  if (leaves_) {
    control_ended = control_.stop();
    // Who has one of its connections need not be in time with his next request.
    server_.begin_stop(
        {.idle_grace = base::limits::kIdleDrain, .time = timeouts.shutdown, .takes_queued = false});
  } else {
    supervisor_.withdraw();  // before the loops take what waits there
    server_.begin_stop({.time = timeouts.shutdown});
  }
  draining_ = true;
  if (!wait_drained(deadline)) {
    log_.warn(second_signal_ ? "second signal: connections are cut"
                             : "timeouts.shutdown is over: connections are cut",
              {{"connections", server_.connections()}});
    server_.cut();
  }
  if (!leaves_) {
    // To the last it tells how the stop goes on.
    supervisor_.withdraw(kPlannedControl);
    control_ended = control_.stop();
  }
  const base::TimePoint end = clock_.now() + kThreadEnd;
  const bool handlers_ended = server_.end(end);
  if (!handlers_ended) log_.warn("a handler has not returned: its plugin is not stopped");
  const bool reload_ended = reloader_.end(clock_.now() + kReloadEnd);
  if (!reload_ended)
    log_.warn("a plugin did not return from a call of the reload that was given up");
  if (!handlers_ended || !reload_ended) return false;
  return reloader_.stop_plugins() && control_ended;
}

}  // namespace berth::app
