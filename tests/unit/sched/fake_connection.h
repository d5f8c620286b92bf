// A connection over a socket pair whose behaviour is a few functions, for the tests of sched/. No
// protocol.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/descriptor.h"
#include "sched/loop.h"
#include "sched/loops.h"
#include "sched/pool.h"
#include "sched/worker.h"

namespace berth::sched::testing {

inline base::TimePoint soon() { return base::system_clock().now() + std::chrono::seconds(20); }

// Asks again and again what another thread brings about soon and tells nobody.
inline void wait_until(const std::function<bool()>& condition) {
  const base::TimePoint deadline = soon();
  while (!condition()) {
    if (base::system_clock().now() > deadline) {
      ADD_FAILURE() << "what was waited for did not happen";
      return;
    }
    std::this_thread::yield();
  }
}

class FakeConnection final : public Connection {
 public:
  using Step = std::function<Turn(FakeConnection&, Worker&)>;
  // What it does; an empty step does nothing. Set before it is adopted.
  struct Script {
    Step on_readable = {};
    Step on_return = {};
    Step on_adopted = {};
    std::function<void(FakeConnection&, Worker&)> job = {};
    std::function<void(FakeConnection&, Worker&, bool hard)> on_drain = {};
  };
  struct Counts {
    std::atomic<int> events{0};
    std::atomic<int> returns{0};
    std::atomic<int> deadlines{0};
    std::atomic<int> deadlines_held{0};
    std::atomic<int> shuts{0};
    std::atomic<int> jobs{0};
    std::atomic<int> rejects{0};
    std::atomic<int> alive{0};
    std::atomic<int> inside{0};    // threads that have its IO side: never more than one
    std::atomic<int> overlaps{0};  // times they were
    Learning route;
  };

  FakeConnection(base::Descriptor descriptor, Script script, Counts& counts)
      : counts_(counts), script_(std::move(script)), descriptor_(std::move(descriptor)) {
    ++counts_.alive;
  }
  ~FakeConnection() override { --counts_.alive; }

  // Reads all there is; the number of bytes.
  std::size_t read_all() {
    std::size_t bytes = 0;
    std::array<char, 256> buffer;
    for (;;) {
      const ssize_t got = ::recv(descriptor_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0) {
        ended_ = got == 0;
        return bytes;
      }
      bytes += static_cast<std::size_t>(got);
    }
  }
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  // What its handler calls teach.
  [[nodiscard]] Learning& route() noexcept { return counts_.route; }
  void write(std::string_view bytes) {
    // A client that is gone already is not what is tested here.
    (void)::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  void end() {
    loop().close(*this);
    descriptor_.reset();
  }
  // Whoever uses the IO side says so.
  struct Inside {
    explicit Inside(Counts& counts) : counts_(counts) {
      if (counts_.inside.fetch_add(1) != 0) ++counts_.overlaps;
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;
    ~Inside() { counts_.inside.fetch_sub(1); }
    Counts& counts_;
  };

  [[nodiscard]] Turn on_ready(Worker& worker, Readiness readiness) override {
    if (!readiness.has(Readiness::kReadable | Readiness::kPeerClosed)) return Turn::kKept;
    ++counts_.events;
    return script_.on_readable ? script_.on_readable(*this, worker) : Turn::kKept;
  }
  [[nodiscard]] Turn on_adopted(Worker& worker) override {
    return script_.on_adopted ? script_.on_adopted(*this, worker) : Turn::kKept;
  }
  [[nodiscard]] Turn on_return(Worker& worker) override {
    ++counts_.returns;
    return script_.on_return ? script_.on_return(*this, worker) : Turn::kKept;
  }
  void on_deadline(Worker&) override {
    ++counts_.deadlines;
    end();
  }
  void on_drain(Worker& worker, bool hard) override {
    if (script_.on_drain) return script_.on_drain(*this, worker, hard);
    end();
  }
  void on_deadline_held() noexcept override { ++counts_.deadlines_held; }
  void shut() noexcept override {
    ++counts_.shuts;
    ::shutdown(descriptor_.get(), SHUT_RDWR);
  }
  void run(Worker& worker) noexcept override {
    ++counts_.jobs;
    script_.job(*this, worker);
  }
  void reject(Worker& worker) noexcept override {
    EXPECT_EQ(worker.loop(), &loop());
    ++counts_.rejects;
    give_back(true);
  }
  [[nodiscard]] int descriptor() const noexcept override { return descriptor_.get(); }

  Counts& counts_;

 private:
  Script script_;
  base::Descriptor descriptor_;
  bool ended_ = false;
};

// Loops and a pool that run; drained hard and stopped at the end.
class Runtime {
 public:
  explicit Runtime(PoolOptions options, const base::Clock& clock = base::system_clock())
      : pool_(std::move(options)), loops_(pool_, clock) {
    EXPECT_TRUE(loops_.open().ok());
    EXPECT_TRUE(loops_.start().ok());
  }
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  ~Runtime() {
    loops_.drain(true);
    EXPECT_TRUE(loops_.wait_drained(soon()));
    EXPECT_TRUE(pool_.stop(base::system_clock(), soon()));
    EXPECT_EQ(loops_.connections(), 0U);
  }

  [[nodiscard]] Pool& pool() noexcept { return pool_; }
  [[nodiscard]] Loops& loops() noexcept { return loops_; }

  // The client's end of a new connection of that loop.
  base::Descriptor connect(std::size_t loop, FakeConnection::Script script,
                           FakeConnection::Counts& counts) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    loops_.at(loop).post_new(
        std::make_unique<FakeConnection>(base::Descriptor(ends[0]), std::move(script), counts));
    return base::Descriptor(ends[1]);
  }
  // Runs on the loop's driver, between events; waits for it.
  void on_loop(
      std::size_t loop, const std::function<void(Worker&)>& task = [](Worker&) {}) {
    const auto done = std::make_shared<std::promise<void>>();
    loops_.at(loop).post_task([done, &task](Worker& worker) {
      task(worker);
      done->set_value();
    });
    ASSERT_EQ(
        done->get_future().wait_until(std::chrono::steady_clock::now() + std::chrono::seconds(20)),
        std::future_status::ready);
  }

 private:
  Pool pool_;
  Loops loops_;
};

inline PoolOptions options(std::size_t loops, std::size_t threads = 4) {
  PoolOptions options;
  options.loops = loops;
  options.threads = threads;
  options.client_waits = threads;
  return options;
}

inline void write_to(const base::Descriptor& client, std::string_view bytes) {
  ASSERT_EQ(::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
}

// Waits for so many bytes from the server.
inline std::string read_from(const base::Descriptor& client, std::size_t bytes) {
  std::string text;
  wait_until([&] {
    std::array<char, 4096> buffer;
    const ssize_t got =
        ::recv(client.get(), buffer.data(), std::min(buffer.size(), bytes - text.size()), 0);
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
    return text.size() == bytes;
  });
  return text;
}

}  // namespace berth::sched::testing
