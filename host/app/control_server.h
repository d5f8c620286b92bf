// The control socket: the engine of the server once more, small and apart from it, so that it
// answers while every thread that serves the public is stuck. What it answers is ControlHandler's.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/control.h"
#include "app/control_handler.h"
#include "app/control_place.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "config/configuration.h"
#include "config/diagnostic.h"
#include "net/listener.h"
#include "observe/counters.h"
#include "observe/log.h"
#include "sched/loops.h"
#include "sched/pool.h"
#include "serve/accept_source.h"
#include "serve/service.h"

namespace berth::app {

struct ControlServerOptions {
  config::ControlSocket socket;
  RuntimeEnvironment environment;  // for ControlSocket::Kind::kDefault
};

// Made, started and stopped by one thread; everything it is given outlives it. One loop, a monitor
// and at most limits::kControlConnections threads, made when they are needed and gone soon after.
//
//   open: the socket is bound      start: it is answered      stop: what start did is undone
class ControlServer {
 public:
  // open_control_socket(), or takes over `inherited`, which listens already and whose path somebody
  // else removes. An explicit path that cannot be
  // had is the error, at the place of the key. A default one that cannot be had, or nowhere to put
  // one, is a warning in the log; then, and with kOff, the object answers nowhere: path() is empty,
  // start() and stop() do nothing.
  [[nodiscard]] static base::Result<std::unique_ptr<ControlServer>, config::Diagnostic> open(
      const ControlServerOptions& options, Control& control, observe::Log& log,
      const base::Clock& clock, base::Descriptor inherited = {});
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  // REQUIRES: stop() returned true, or start() was never called.
  ~ControlServer();

  // On an error nothing runs.
  [[nodiscard]] base::Status<> start();

  // Removes the path, answers whom it has begun with, ends the threads; may be called twice. Call
  // it once the control refuses reloads, so that nobody waits for one: after five seconds it cuts
  // the connections, and after five more it gives up. False: a thread is still inside the control,
  // and the process can only be left by _exit().
  bool stop() noexcept;

  // Of the socket, as it was bound; empty: there is none. Lives as long as the object.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  ControlServer(Control& control, observe::Log& log, const base::Clock& clock);
  // Whether the threads have ended by then.
  [[nodiscard]] bool end();

  observe::Log& log_;
  const base::Clock& clock_;
  ControlHandler handler_;
  serve::Root root_;
  observe::Counters counters_;
  serve::Service service_;
  sched::Pool pool_;
  sched::Loops loops_;
  std::string path_;
  std::optional<net::Listener> listener_;
  serve::ListenerInfo info_;
  std::unique_ptr<serve::AcceptSource> source_;
  bool started_ = false;
};

}  // namespace berth::app
