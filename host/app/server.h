// Listeners, threads and loops around one root handler: what turns a generation into a server.
// Start and stop are mirror images, each in one place.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/configuration.h"
#include "net/listener.h"
#include "observe/access_log.h"
#include "observe/counters.h"
#include "observe/log.h"
#include "sched/loops.h"
#include "sched/pool.h"
#include "serve/accept_source.h"
#include "serve/service.h"

namespace berth::app {

// Used by one thread. Everything it is given outlives it.
//
//   open:  listeners are bound      start: loops run, connections are accepted
//   stop_accepting, drain, cut, end: in this order, each the undoing of a step of start
class Server {
 public:
  // Binds every listener. Errors: each listener that cannot be bound, one line each.
  [[nodiscard]] static base::Result<std::unique_ptr<Server>> open(
      const config::Configuration& configuration, serve::Handler& root, observe::Log& log,
      const base::Clock& clock);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // REQUIRES: end() returned true, or start() was never called.
  ~Server();

  [[nodiscard]] base::Status<> start();

  // Takes what is queued at the listeners, then closes them. A loop that is inside a handler until
  // `deadline` is not waited for.
  void stop_accepting(base::TimePoint deadline);
  // Idle connections are closed, busy ones after their response.
  void drain();
  // Waits until no connection is left; false at the deadline.
  [[nodiscard]] bool wait_drained(base::TimePoint deadline) {
    return loops_.wait_drained(deadline);
  }
  // Cuts the connections that are left.
  void cut();
  // Ends the threads, then writes what is left of the access log; false: some thread is still
  // inside a handler at the deadline, and the process can only be left by _exit().
  [[nodiscard]] bool end(base::TimePoint deadline);

  [[nodiscard]] std::size_t connections() const noexcept { return loops_.connections(); }
  [[nodiscard]] const observe::Counters& counters() const noexcept { return counters_; }
  [[nodiscard]] const std::vector<net::Listener>& listeners() const noexcept { return listeners_; }

 private:
  Server(const config::Configuration& configuration, serve::Handler& root, observe::Log& log,
         const base::Clock& clock, std::size_t loops);

  observe::Log& log_;
  std::unique_ptr<observe::AccessLog> access_log_;  // null: log.access is off
  const base::Clock& clock_;
  observe::Counters counters_;
  serve::Service service_;
  sched::Pool pool_;
  sched::Loops loops_;
  std::vector<net::Listener> listeners_;
  std::deque<serve::ListenerInfo> infos_;
  std::vector<std::unique_ptr<serve::AcceptSource>> sources_;  // for each listener one per loop
};

}  // namespace berth::app
