// Whether a server's loops really turn, asked now and then by whoever has to tell a watchdog. It
// waits for nothing and has no thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>

#include "app/server.h"

namespace berth::app {

// One thread. The server outlives it.
class Heartbeat {
 public:
  explicit Heartbeat(Server& server)
      : server_(server), left_(std::make_shared<std::atomic<std::size_t>>(0)) {}

  // True: every loop has turned since the last beat, or had nothing to do then. False: one has been
  // at something ever since.
  [[nodiscard]] bool beat() {
    if (left_->load(std::memory_order_relaxed) > 0) return false;
    server_.count_turns(left_);
    return true;
  }

 private:
  Server& server_;
  std::shared_ptr<std::atomic<std::size_t>> left_;  // loops that have to turn: theirs, too
};

}  // namespace berth::app
