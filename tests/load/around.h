// What all clients of a run share: the epoll instance, the timers, and whether it ends. It decides
// nothing about them.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

#include "base/descriptor.h"

namespace berth::load {

using Clock = std::chrono::steady_clock;

// Something with a socket and a timer.
class Ready {
 public:
  Ready() = default;
  Ready(const Ready&) = delete;
  Ready& operator=(const Ready&) = delete;
  virtual ~Ready() = default;
  // Its socket may be read or written, or is closed; perhaps one that it had before.
  virtual void on_ready(Clock::time_point now) = 0;
  virtual void on_due(Clock::time_point now) = 0;

 private:
  friend class Around;
  std::uint64_t timer_ = 0;  // the one that counts, of those in the queue
};

// One thread. Everything that is registered outlives it.
class Around {
 public:
  Around(std::uint16_t port, bool spin);

  // At most; without any it takes a core.
  void set_wait(std::chrono::milliseconds wait) noexcept { wait_ = wait; }
  // Calls whom something happened to. Waits for it as long as it is told to.
  void turn();

  // Level-triggered; a closed socket needs no removal.
  [[nodiscard]] bool add(const base::Descriptor& socket, Ready& who) const;
  // Whether it wants to know when it can be written, too.
  void want_writable(const base::Descriptor& socket, Ready& who, bool wanted) const;
  // Replaces the timer that was set before.
  void call_at(Clock::time_point when, Ready& who);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // Nothing is begun any more.
  bool ending = false;
  // A request that had not ended yet is one of these.
  std::size_t under_way = 0;

 private:
  struct Timer {
    Clock::time_point when;
    Ready* who = nullptr;
    std::uint64_t number = 0;
    [[nodiscard]] bool operator<(const Timer& other) const noexcept { return when > other.when; }
  };

  base::Descriptor epoll_;
  std::uint16_t port_;
  std::chrono::milliseconds wait_;
  std::priority_queue<Timer> timers_;
  std::uint64_t last_timer_ = 0;
};

}  // namespace berth::load
