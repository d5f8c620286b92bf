// A host from its first accepted connection to its exit code: what it does while it serves, when it
// is told to stop or to leave, and when one of its handlers has crashed. It loads nothing.
#pragma once

#include <cstdint>

#include "app/control_server.h"
#include "app/crash_drain.h"
#include "app/reloader.h"
#include "app/server.h"
#include "app/succession.h"
#include "app/supervisor_link.h"
#include "base/clock.h"
#include "base/host_link.h"
#include "base/result.h"
#include "base/signals.h"
#include "observe/log.h"

namespace berth::app {

// All outlives it.
struct ServingHostParts {
  Reloader& reloader;
  Server& server;
  ControlServer& control;
  base::Signals& signals;
  SupervisorLink& supervisor;
  Succession& succession;
  CrashDrain& drain;
  observe::Log& log;
  const base::Clock& clock;
};

// What a stop may take.
[[nodiscard]] base::Duration duration_of_stop(const config::Timeouts& timeouts);

// Everything between "started" and "ended", in the order of start; stop() is its mirror image.
class ServingHost {
 public:
  // replaces: another host served the same before it.
  ServingHost(const ServingHostParts& parts, bool replaces);
  ServingHost(const ServingHost&) = delete;
  ServingHost& operator=(const ServingHost&) = delete;
  ~ServingHost() = default;

  // The exit code. REQUIRES: the plugins of the first generation are started.
  [[nodiscard]] int run();

 private:
  [[nodiscard]] base::Status<> start();
  // Until a signal, the supervisor or its end ends it.
  void serve();
  void on_message(const base::HostMessage& message);
  // Asks for another in its place, where the configuration says that it is time.
  void look_after_size();
  // A handler has crashed: its client gets a 500, the others finish what they have in flight, and
  // the process ends of what crashed it.
  [[noreturn]] void drain_and_end();
  // What ends a wait beside signals; each with what is before it.
  enum class Wake : std::uint8_t { kSignal, kCrash, kSupervisor };
  // The next signal, or 0: none came until then, or something else of `wake` did.
  [[nodiscard]] int wait_signal(base::TimePoint deadline, Wake wake);
  // False: a thread is still inside a handler, so the process can only be left by _exit().
  [[nodiscard]] bool stop();
  // Waits for connections to end; false: the deadline passed or a second signal came.
  [[nodiscard]] bool wait_drained(base::TimePoint deadline);

  Reloader& reloader_;
  Server& server_;
  ControlServer& control_;
  base::Signals& signals_;
  SupervisorLink& supervisor_;
  Succession& succession_;
  CrashDrain& drain_;
  observe::Log& log_;
  const base::Clock& clock_;
  const base::TimePoint started_at_ = clock_.now();
  base::TimePoint look_at_;  // after its size
  bool second_signal_ = false;
  bool leaves_ = false;    // another serves in its place
  bool draining_ = false;  // no loop accepts any more, or will
};

}  // namespace berth::app
