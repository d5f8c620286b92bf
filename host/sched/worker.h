// One thread of the server with what belongs to it: its read buffer and the scratch of the layers
// above.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <Poco/Runnable.h>
#include <Poco/Thread.h>

#include "sched/owner_word.h"

namespace berth::sched {

class Connection;
class Loop;
class Pool;

// What a layer above keeps for each thread (parsers, buffers): made once on that thread, used by it
// alone.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  virtual ~Scratch() = default;
};

// A worker drives a loop, runs a job with a connection it holds, or is parked in the pool. All
// members but the parking word are its own thread's.
class Worker final : private Poco::Runnable {
 public:
  // Starts the thread; throws Poco::SystemException where the system gives none.
  Worker(Pool& pool, std::string name, std::size_t stack_bytes);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() override;

  // PoolOptions::buffer_bytes of them, for whatever the thread does now.
  [[nodiscard]] std::span<char> buffer() noexcept { return {buffer_.get(), buffer_bytes_}; }
  [[nodiscard]] Scratch& scratch() noexcept { return *scratch_; }
  [[nodiscard]] Pool& pool() noexcept { return pool_; }

  // The loop this thread drives; null: none, so it may wait as it likes.
  [[nodiscard]] Loop* loop() const noexcept { return loop_; }

  // Around a handler that runs inline. After leave_handler() returned false the loop has another
  // driver.
  void enter_handler() noexcept;
  [[nodiscard]] bool leave_handler() noexcept;
  // Inside a handler, before this thread waits for anything: hands the loop to a spare. True: the
  // thread owns no loop (any more). False: no spare is left; it must not wait (DESIGN: never block
  // while owning a loop).
  [[nodiscard]] bool release_loop() noexcept;

  // --- for Pool ---
  struct Task {
    Loop* loop = nullptr;
    Connection* job = nullptr;
    bool waited = false;  // it left its loop to wait for a client: see Pool::reserve_for_wait
    bool end = false;     // the thread ends
  };
  // The task was reserved for this worker alone; wakes or starts it.
  void assign(Task task);
  // True once the thread has ended; waits up to `milliseconds` for it.
  [[nodiscard]] bool try_join(long milliseconds);

 private:
  void run() override;  // the thread's body
  [[nodiscard]] Task await_task() noexcept;

  Pool& pool_;
  std::string name_;
  std::size_t buffer_bytes_;
  std::unique_ptr<char[]> buffer_;
  std::unique_ptr<Scratch> scratch_;
  Loop* loop_ = nullptr;
  OwnerWord::Token token_ = 0;
  bool waited_ = false;  // counts as one of client_waits until its task ends
  Task task_;
  // 0: none. 1: task_ is set. Written with release by assign(), read with acquire by the worker:
  // publishes task_.
  std::atomic<std::uint32_t> signal_{0};
  bool joined_ = false;  // the stopping thread's
  Poco::Thread thread_;
};

}  // namespace berth::sched
