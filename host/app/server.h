// Listeners, threads and loops around one root handler: what turns a generation into a server.
// Start and stop are mirror images, each in one place.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/stuck_calls.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/configuration.h"
#include "config/diagnostic.h"
#include "net/inherited_sockets.h"
#include "net/listener.h"
#include "observe/access_log.h"
#include "observe/counters.h"
#include "observe/log.h"
#include "sched/loops.h"
#include "sched/pool.h"
#include "serve/accept_source.h"
#include "serve/health_handler.h"
#include "serve/service.h"
#include "serve/use.h"

namespace berth::app {

// Used by one thread. Everything it is given outlives it.
//
//   open:  listeners are bound      start: loops run, connections are accepted
//   begin_stop, cut, end: in this order, what start did is undone
class Server {
 public:
  // Binds every listener or takes it from `inherited`. Errors: each listener that cannot be had, or
  // why there is no access log.
  [[nodiscard]] static base::Result<std::unique_ptr<Server>, std::vector<config::Diagnostic>> open(
      const config::Configuration& configuration, serve::Root& root, observe::Log& log,
      const base::Clock& clock, net::InheritedSockets& inherited);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // REQUIRES: end() returned true, or start() was never called.
  ~Server();

  [[nodiscard]] base::Status<> start();

  // Before begin_stop(), which may be a while away: readiness is denied, requests are served.
  void announce_stop() noexcept { service_.announce_stop(); }
  // Removes the paths of Unix listeners, then asks every loop to take what is queued at the
  // listeners, to let go of them, and to close its connections: idle ones at once or after
  // idle_grace (see serve::Service::begin_drain), busy ones after their response. The last loop
  // closes the listeners. Returns at once; a loop that is inside a handler comes to it afterwards.
  struct StopOptions {
    base::Duration idle_grace{};
    base::Duration time{};  // until cut() at the latest; see serve::Partings
    // What waits at the listeners is taken; false: another process accepts from the same sockets.
    bool takes_queued = true;
  };
  void begin_stop(const StopOptions& options);
  // Behind begin_stop(): false once no connection will be accepted any more.
  [[nodiscard]] bool accepts() const noexcept {
    return sources_left_.load(std::memory_order_acquire) > 0;
  }
  // Waits until no connection is left; false at the deadline.
  [[nodiscard]] bool wait_drained(base::TimePoint deadline) {
    return loops_.wait_drained(deadline);
  }
  // Cuts the connections that are left.
  void cut();
  // Ends the threads, then writes what is left of the access log; false: some thread is still
  // inside a handler at the deadline, and the process can only be left by _exit().
  [[nodiscard]] bool end(base::TimePoint deadline);

  // --- while it runs; any thread, one at a time ---
  // Has every loop that does not wait for events count `left` down by one when it turns next; it is
  // counted up before. Returns at once.
  void count_turns(const std::shared_ptr<std::atomic<std::size_t>>& left);
  // Requests that begin from now on go to `next`, which outlives them; see serve::Roots.
  void replace_root(serve::Root& next) noexcept { (void)service_.roots().replace(next); }
  [[nodiscard]] bool is_unused(const serve::Root& root) { return service_.roots().is_unused(root); }
  [[nodiscard]] bool synchronize(base::TimePoint deadline) { return loops_.synchronize(deadline); }
  // Every connection that is used for a root now, each on its loop's driver, several at once.
  // False: not all loops came to it by the deadline; what they do later is theirs.
  [[nodiscard]] bool for_each_use(std::function<void(serve::Used&, const serve::Use&)> look,
                                  base::TimePoint deadline);
  // See serve::Roots.
  [[nodiscard]] std::vector<const serve::Route*> hijacking() {
    return service_.roots().hijacking();
  }
  // See Pool::begin_visit(); parked threads and loops are woken.
  [[nodiscard]] std::uint64_t begin_visit();
  [[nodiscard]] bool is_visited(std::uint64_t round) const { return pool_.is_visited(round); }

  // See StuckCalls. The same thread always.
  void watch_calls() { stuck_calls_.look(clock_.now()); }
  [[nodiscard]] std::vector<StuckCall> stuck_calls() const { return stuck_calls_.now(); }

  [[nodiscard]] std::size_t connections() const noexcept { return loops_.connections(); }
  // See sched::Monitor.
  [[nodiscard]] std::size_t stuck_loops() const { return loops_.stuck(); }
  // "public [::]:8080", one for each listener.
  [[nodiscard]] const std::vector<std::string>& listening() const noexcept { return listening_; }
  [[nodiscard]] const observe::Counters& counters() const noexcept { return counters_; }

 private:
  Server(const config::Configuration& configuration, serve::Root& root, observe::Log& log,
         const base::Clock& clock, std::size_t loops);

  observe::Log& log_;
  std::unique_ptr<observe::AccessLog> access_log_;  // null: log.access is off
  const base::Clock& clock_;
  observe::Counters counters_;
  serve::Service service_;
  sched::Pool pool_;
  StuckCalls stuck_calls_;
  sched::Loops loops_;
  serve::HealthHandler health_;
  // Closed by the loop that is the last to let go of them; until then everybody may read it.
  std::vector<net::Listener> listeners_;
  std::vector<std::string> listening_;        // see listening()
  std::atomic<std::size_t> sources_left_{0};  // that have not stopped: see begin_stop
  std::deque<serve::ListenerInfo> infos_;     // by the same index as listeners_
  std::vector<std::unique_ptr<serve::AcceptSource>> sources_;  // for each listener one per loop
};

}  // namespace berth::app
