// A whole server in this process, without configuration: loops, pool, service and a listener, on
// 127.0.0.1:0 or a Unix socket.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "net/listener.h"
#include "observe/counters.h"
#include "observe/log.h"
#include "sched/loops.h"
#include "sched/pool.h"
#include "serve/accept_source.h"
#include "serve/service.h"
#include "support/fake_clock.h"
#include "support/raw_client.h"

namespace berth::test {

struct TestServerOptions {
  serve::Options serve;
  std::size_t loops = 1;
  std::size_t threads = 8;       // beside the loops
  std::size_t client_waits = 8;  // of them
  std::size_t queue = 64;
  base::Duration queue_timeout = base::limits::kQueueTimeout;
  std::size_t buffer_bytes = base::limits::kReadBuffer;
  std::size_t stack_bytes = base::limits::kThreadStack;  // 0: as the system has it, see NoThreads
  std::optional<int> send_buffer;                        // bytes, of accepted sockets
  std::optional<int> receive_buffer;                     // bytes, of accepted sockets
  serve::Values values;                                  // of its listener
  std::optional<net::UnixAddress> address;               // instead of 127.0.0.1:0
  std::optional<net::ProxyProtocol> proxy_protocol;
  std::optional<serve::TrustedProxies> trusted_proxies;
  const base::Clock* clock = &base::system_clock();
};

// Used by the test's thread. The handler and the clock outlive it.
class TestServer {
 public:
  explicit TestServer(serve::Handler& handler, const TestServerOptions& options = {});
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  // Cuts what is left and ends all threads; that this works is part of every test.
  ~TestServer();

  [[nodiscard]] std::uint16_t port() const noexcept { return listener_->address().port(); }
  [[nodiscard]] RawClient connect(const RawClientOptions& options = {}) {
    return RawClient(port(), options);
  }
  // The replies to these bytes on a connection of their own, until the server closes it.
  [[nodiscard]] std::vector<Reply> replies_to(std::string_view bytes);

  // Returns when every loop has looked at its clock, and has handled all that had arrived when this
  // was called as far as it could without a handler's help.
  void settle();
  // Lets that time pass on the clock that the server was given, so that everybody notices.
  void pass(FakeClock& clock, base::Duration time);
  // The same as settle() without waiting: for loops that may end.
  void nudge();
  // Runs `task` on a loop's driver and waits for it.
  void on_loop(std::size_t index, const std::function<void(sched::Worker&)>& task);
  // Waits until `condition`, asked again and again, holds; fails the test at a generous deadline.
  // For what another thread does soon and tells nobody.
  static void wait_until(const std::function<bool()>& condition);

  // The order of a stop: no more connections, idle ones closed, the others finish.
  // time: that it has in all; zero: nobody knows.
  void drain(base::Duration idle_grace = base::Duration::zero(),
             base::Duration time = base::Duration::zero());
  // Cuts what is left.
  void drain_hard() { loops_->drain(true); }
  // Waits for every loop to end; false at a generous deadline.
  [[nodiscard]] bool wait_drained();

  [[nodiscard]] serve::Service& service() noexcept { return *service_; }
  [[nodiscard]] sched::Pool& pool() noexcept { return *pool_; }
  [[nodiscard]] sched::Loops& loops() noexcept { return *loops_; }
  [[nodiscard]] std::uint64_t count(observe::Counter counter) const noexcept {
    return counters_.total(counter);
  }

 private:
  std::unique_ptr<observe::Log> log_;
  observe::Counters counters_;
  serve::Root root_;
  std::unique_ptr<serve::Service> service_;
  std::unique_ptr<sched::Pool> pool_;
  std::unique_ptr<sched::Loops> loops_;
  std::optional<net::Listener> listener_;
  serve::ListenerInfo info_{.name = "test"};
  std::vector<std::unique_ptr<serve::AcceptSource>> sources_;
  bool drained_ = false;
};

// Ends a test's server before the test's locals, which its handlers may refer to: declared behind
// them.
class StopAtEnd {
 public:
  explicit StopAtEnd(std::optional<TestServer>& server) noexcept : server_(server) {}
  StopAtEnd(const StopAtEnd&) = delete;
  StopAtEnd& operator=(const StopAtEnd&) = delete;
  ~StopAtEnd() { server_.reset(); }

 private:
  std::optional<TestServer>& server_;
};

}  // namespace berth::test
