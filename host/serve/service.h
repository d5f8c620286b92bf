// What all connections of a server share: the root handler, the options, and what is counted across
// them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/clock.h"
#include "net/proxy_header.h"
#include "net/raw_address.h"
#include "observe/access_log.h"
#include "observe/counters.h"
#include "observe/log.h"
#include "sched/loops.h"
#include "sched/pool.h"
#include "sched/worker.h"
#include "serve/connection_states.h"
#include "serve/handler.h"
#include "serve/options.h"
#include "serve/options_handler.h"
#include "serve/partings.h"
#include "serve/root.h"
#include "serve/roots.h"

namespace berth::serve {

// Made by app before the loops start, and outlives them. Any thread.
class Service {
 public:
  // `root` serves first; see roots().
  Service(Options options, Root& root, const base::Clock& clock, observe::Log& log,
          observe::Counters& counters)
      : options_(options), roots_(root), clock_(clock), log_(log), counters_(counters) {}
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  ~Service() = default;

  [[nodiscard]] const Options& options() const noexcept { return options_; }
  // What requests are answered by, and what they go to after a reload.
  [[nodiscard]] Roots& roots() noexcept { return roots_; }
  // Who answers OPTIONS *, which no route can.
  [[nodiscard]] Handler& server_options() noexcept { return server_options_; }
  [[nodiscard]] const base::Clock& clock() const noexcept { return clock_; }
  [[nodiscard]] observe::Log& log() const noexcept { return log_; }
  [[nodiscard]] observe::Counters& counters() const noexcept { return counters_; }

  // Where every answered request is written to; null: nowhere. Set before the loops start; outlives
  // them.
  void set_access_log(observe::AccessLog* log) noexcept { access_log_ = log; }
  [[nodiscard]] observe::AccessLog* access_log() const noexcept { return access_log_; }

  // Whose threads serve the connections. Set before the loops start; they outlive the service's
  // last use.
  void set_threads(const sched::Pool& pool, const sched::Loops& loops) noexcept {
    pool_ = &pool;
    loops_ = &loops;
  }
  // REQUIRES: set_threads().
  [[nodiscard]] ConnectionStates connection_states() const {
    return count_connections(counters_, *pool_, *loops_);
  }

  // From then on every response says Connection: close, and idle connections are closed: at once,
  // or where `idle_grace` is not zero after that time, unless a request comes before. Hijacked ones
  // and event streams are told to end. Where they are many this is spread over a part of `time`,
  // which the drain has in all (see Partings). Once, by whoever drains the loops then. Relaxed: it
  // is only a wish to hurry; the loops hear of the drain behind it.
  void begin_drain(base::Duration idle_grace = base::Duration::zero(),
                   base::Duration time = base::Duration::zero()) noexcept {
    partings_.open(loops_ == nullptr ? 0 : loops_->connections(), clock_.now(), time);
    idle_grace_.store(idle_grace, std::memory_order_relaxed);
    draining_.store(true, std::memory_order_release);
  }
  // See begin_drain(). REQUIRES: draining().
  [[nodiscard]] base::Duration idle_grace() const noexcept {
    return idle_grace_.load(std::memory_order_relaxed);
  }
  // The same.
  [[nodiscard]] Partings& partings() noexcept { return partings_; }
  [[nodiscard]] bool draining() const noexcept { return draining_.load(std::memory_order_acquire); }

  // A stop will come: whoever asks for readiness hears it, requests are served as before. Relaxed:
  // likewise.
  void announce_stop() noexcept { stopping_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_relaxed); }

  // Bytes that connections keep for their clients (limits.buffered). Relaxed: a sum, nothing is
  // ordered by it. False: the limit is reached, and nothing was added.
  [[nodiscard]] bool reserve_buffered(std::uint64_t bytes) noexcept;
  void release_buffered(std::uint64_t bytes) noexcept {
    buffered_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t buffered() const noexcept {
    return buffered_.load(std::memory_order_relaxed);
  }

  // What is learnt about a route is counted, and told in the log the first time.
  void on_learnt(const Route& route, sched::Learning::Change change) noexcept;
  // A request of that route waits for a thread because calls of its plugin have all that they may
  // have: a line in the log, at most one a minute for each plugin.
  void on_wait(const Route& route) noexcept;
  // What the pool and the monitor say: for sched::PoolOptions.
  void on_notice(sched::Notice notice) noexcept;

  // A connection of that listener is closed for what it began with. A line in the log, at most one
  // a minute; the others are for debugging.
  void on_proxy_header_refused(std::string_view listener, const net::RawAddress& peer,
                               net::ProxyHeaderError why) noexcept;

  // What each worker thread needs to serve HTTP/1: for sched::PoolOptions.
  [[nodiscard]] std::unique_ptr<sched::Scratch> make_scratch();

 private:
  // Whether it was not told for a minute; it is now.
  [[nodiscard]] bool may_tell(std::atomic<base::Duration::rep>& told_at_ns) const noexcept;

  const Options options_;
  Roots roots_;
  OptionsHandler server_options_;
  const base::Clock& clock_;
  observe::Log& log_;
  observe::Counters& counters_;
  observe::AccessLog* access_log_ = nullptr;
  const sched::Pool* pool_ = nullptr;
  const sched::Loops* loops_ = nullptr;
  Partings partings_;
  std::atomic<bool> draining_{false};  // release, acquire: publishes partings_ and idle_grace_
  std::atomic<base::Duration> idle_grace_{base::Duration::zero()};
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> buffered_{0};
  // When a missing thread was last told in the log. Relaxed: whoever changes it writes the line.
  std::atomic<base::Duration::rep> told_missing_at_ns_{0};
  std::atomic<base::Duration::rep> told_refused_at_ns_{0};  // the same of a PROXY header
};

}  // namespace berth::serve
