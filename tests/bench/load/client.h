// One connection of a load: it sends, counts the answer, and in a closed loop sends again. It waits
// nowhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/descriptor.h"
#include "bench/load/histogram.h"
#include "bench/load/target.h"

namespace berth::bench {

using Clock = std::chrono::steady_clock;

class Client;

// Clients that ask for the same, and what came of it since the last reset().
struct Group {
  explicit Group(Target what) : target(std::move(what)) {}
  void reset() noexcept {
    completed = refused = errors = 0;
    latencies = {};
  }

  Target target;
  bool once = false;  // a client asks only when started, and keeps its connection in between
  std::vector<std::unique_ptr<Client>> clients;
  std::uint64_t completed = 0;  // answers with 200
  std::uint64_t refused = 0;    // whole answers with another status, 503 above all
  std::uint64_t errors = 0;     // connections that could not be made, or broke
  std::uint64_t in_all = 0;     // answers with 200, never reset
  Histogram latencies;
};

enum class Progress : std::uint8_t {
  kReading,   // the answer is not whole
  kAnswered,  // it is, and the next request is out unless the group asks once
  kPause,     // refused or broken: the caller calls start() after a while
};

class Client {
 public:
  // `epoll` gets the sockets of this client, level-triggered, with this client as data. Both, and
  // the group, outlive it.
  Client(Group& group, int epoll) noexcept : group_(group), epoll_(epoll) {}

  // Connects if it has to, and sends; the latency counts from `now`, which in an open loop is when
  // the request was due. False: counted as an error; call it again after a while.
  bool start(Clock::time_point now);
  // Takes what has come.
  Progress on_readable();

 private:
  Progress take(std::size_t size);
  Progress finish();
  Progress broken();
  bool connect();

  Group& group_;
  int epoll_;
  base::Descriptor socket_;
  Clock::time_point sent_;
  std::size_t received_ = 0;
  std::size_t expected_ = 0;
  bool accepted_ = true;  // the answer's status is 200
};

}  // namespace berth::bench
