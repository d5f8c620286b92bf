// A server whose connections are scripts: the loop, the pool and H1Connection as they are, without
// a listener, a network or a clock that moves.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "fuzz/serve/scripted_handler.h"
#include "fuzz/serve/scripted_stream.h"
#include "observe/counters.h"
#include "observe/log.h"
#include "sched/loops.h"
#include "sched/pool.h"
#include "serve/h1_connection.h"
#include "serve/service.h"
#include "support/fake_clock.h"

namespace berth::fuzz {

// What became of one connection.
struct Outcome {
  Transcript transcript;
  std::vector<ServedRequest> served;
};

// Used by one thread; made once, for starting threads takes longer than a thousand requests.
class ScriptedServer {
 public:
  // Connections at a time, so that each may have a thread that waits for it.
  static constexpr std::size_t kMost = 32;
  // Small enough that a short input reaches them.
  static constexpr std::size_t kHeadBytes = 1024;
  static constexpr std::size_t kFields = 16;
  static constexpr std::size_t kTargetBytes = 128;
  static constexpr std::size_t kChunkLine = 64;

  ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer();

  // Serves them side by side until every one is closed and freed. Ends the process where one never
  // is, or where something is left behind: memory, a connection, a count.
  // REQUIRES: at most kMost.
  [[nodiscard]] std::vector<Outcome> serve(std::span<const ClientScript> clients);

 private:
  // How many are not freed yet.
  class Countdown;

  [[nodiscard]] std::uint64_t count(observe::Counter counter) const noexcept {
    return counters_.total(counter);
  }

  test::FakeClock clock_;
  ScriptedHandler handler_{kMost};
  observe::Counters counters_{4};
  std::unique_ptr<observe::Log> log_;
  serve::Root root_{handler_, 1};
  std::unique_ptr<serve::Service> service_;
  std::unique_ptr<sched::Pool> pool_;
  std::unique_ptr<sched::Loops> loops_;
  std::deque<serve::ListenerInfo> listeners_;  // one for each, for the handler to tell them apart
};

}  // namespace berth::fuzz
