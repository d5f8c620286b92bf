// Around a wait for the client within a handler: the thread owns no loop meanwhile, and its route
// is not blamed. It does not wait itself.
#pragma once

#include "sched/worker.h"

namespace berth::sched {

// A local of the thread that waits.
class ClientWait {
 public:
  explicit ClientWait(Worker& worker) noexcept
      : worker_(worker), allowed_(worker.begin_client_wait()) {}
  ClientWait(const ClientWait&) = delete;
  ClientWait& operator=(const ClientWait&) = delete;
  ~ClientWait() {
    if (allowed_) worker_.end_client_wait();
  }

  // False: it must not wait. No thread is left to take its loop, or too many wait already.
  [[nodiscard]] bool allowed() const noexcept { return allowed_; }

 private:
  Worker& worker_;
  const bool allowed_;
};

}  // namespace berth::sched
