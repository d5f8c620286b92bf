// Connections on their way to a loop, from any thread: a stack that the driver takes whole.
#pragma once

#include <atomic>

#include "sched/source.h"

namespace berth::sched {

// Many pushers, one taker. The push is seq_cst because the pusher then reads the loop's sleeping
// flag, which the driver sets before it looks here: one of the two sees the other (Dekker). take()
// acquires what pushers released.
class Inbox {
 public:
  void push(Connection& connection) noexcept {
    Connection* head = head_.load(std::memory_order_relaxed);
    do {
      connection.inbox_next_ = head;
    } while (!head_.compare_exchange_weak(head, &connection, std::memory_order_seq_cst,
                                          std::memory_order_relaxed));
  }
  [[nodiscard]] bool empty() const noexcept {
    return head_.load(std::memory_order_seq_cst) == nullptr;
  }
  // Cheap look on the hot path; may miss a push that is just happening.
  [[nodiscard]] bool looks_empty() const noexcept {
    return head_.load(std::memory_order_relaxed) == nullptr;
  }
  // All of it, oldest first.
  [[nodiscard]] Connection* take() noexcept {
    Connection* newest = head_.exchange(nullptr, std::memory_order_acquire);
    Connection* oldest = nullptr;
    while (newest != nullptr) {
      Connection* const next = newest->inbox_next_;
      newest->inbox_next_ = oldest;
      oldest = newest;
      newest = next;
    }
    return oldest;
  }
  [[nodiscard]] static Connection* next(Connection& connection) noexcept {
    return connection.inbox_next_;
  }

 private:
  std::atomic<Connection*> head_{nullptr};
};

}  // namespace berth::sched
