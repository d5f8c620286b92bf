#include "sched/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <vector>

#include "support/fake_clock.h"
#include "unit/sched/fake_connection.h"

namespace berth::sched {
namespace {

using testing::FakeConnection;
using testing::options;
using testing::Runtime;
using testing::soon;
using testing::wait_until;
using testing::write_to;

// Connections whose first byte sends them to a thread of their own, where they wait until opened.
struct Gate {
  std::promise<void> promise;
  std::shared_future<void> opened = promise.get_future().share();
  FakeConnection::Counts counts;
  std::atomic<int> refused{0};
  std::atomic<int> waiting{0};
  Learning route;
  JobKind kind = JobKind::kForClient;

  [[nodiscard]] FakeConnection::Script script() {
    FakeConnection::Script script;
    script.on_readable = [this](FakeConnection& connection, Worker& worker) {
      connection.read_all();
      connection.hold(false);
      switch (worker.pool().submit(connection, kind, &route)) {
        case Submitted::kTaken:
          break;
        case Submitted::kWaits:
          ++waiting;
          break;
        case Submitted::kRefused:
          connection.unhold();
          ++refused;
      }
      return Turn::kKept;
    };
    script.job = [this](FakeConnection& connection, Worker&) {
      opened.wait();
      connection.give_back(false);
    };
    return script;
  }
};

TEST(Pool, JobsNeverTakeTheLastThreadsOfTheLoops) {
  for (const std::size_t loops : {1U, 2U}) {
    Gate gate;
    std::vector<base::Descriptor> clients;
    Runtime runtime(options(loops, 4));
    for (int i = 0; i < 6; ++i) {
      clients.push_back(runtime.connect(0, gate.script(), gate.counts));
      write_to(clients.back(), "x");
    }
    const std::size_t most = 4 - loops;
    wait_until([&] { return runtime.pool().queued() == 6 - most; });
    wait_until([&] { return gate.counts.jobs == static_cast<int>(most); });
    for (std::size_t i = 0; i < loops; ++i) {
      Worker* const spare = runtime.pool().reserve_for_loop();
      ASSERT_NE(spare, nullptr) << "loop " << i << " finds no new driver";
      runtime.pool().unreserve(*spare);
    }
    gate.promise.set_value();
    wait_until([&] { return gate.counts.jobs == 6; });
    EXPECT_EQ(runtime.pool().queued(), 0U);
  }
}

TEST(Pool, AtMostClientWaitsJobsRunAtATime) {
  PoolOptions few = options(1, 8);
  few.client_waits = 2;
  Gate gate;
  std::vector<base::Descriptor> clients;
  Runtime runtime(few);
  for (int i = 0; i < 5; ++i) {
    clients.push_back(runtime.connect(0, gate.script(), gate.counts));
    write_to(clients.back(), "x");
  }
  wait_until([&] { return runtime.pool().queued() == 3; });
  wait_until([&] { return gate.counts.jobs == 2; });
  gate.promise.set_value();
  wait_until([&] { return gate.counts.jobs == 5; });
}

TEST(Pool, JobsOfRoutesThatBlockAreNoClientWaits) {
  PoolOptions few = options(1, 4);
  few.client_waits = 1;
  Gate waits;
  Gate works;
  works.kind = JobKind::kForWork;
  std::vector<base::Descriptor> clients;
  Runtime runtime(few);
  for (Gate* gate : {&waits, &waits, &works, &works}) {
    clients.push_back(runtime.connect(0, gate->script(), gate->counts));
    write_to(clients.back(), "x");
  }
  wait_until([&] { return waits.counts.jobs == 1 && works.counts.jobs == 2; });
  EXPECT_EQ(runtime.pool().queued(), 1U);
  EXPECT_FALSE(runtime.pool().begin_wait());
  waits.promise.set_value();
  wait_until([&] { return waits.counts.jobs == 2; });
  works.promise.set_value();
}

TEST(Pool, JobsOfOnePluginLeaveThreadsAndRoomInTheQueueToOthers) {
  PoolOptions few = options(1, 8);
  few.queue = 6;
  const auto share = std::make_shared<Share>("stuck");
  Gate stuck;
  stuck.kind = JobKind::kForWork;
  stuck.route.belong_to(share, 3);
  Gate other;
  other.kind = JobKind::kForWork;
  std::vector<base::Descriptor> clients;
  Runtime runtime(few);
  for (int i = 0; i < 8; ++i) {  // three run, three wait, and two are too many
    clients.push_back(runtime.connect(0, stuck.script(), stuck.counts));
    write_to(clients.back(), "x");
  }
  wait_until([&] { return stuck.refused == 2 && stuck.counts.jobs == 3; });
  EXPECT_EQ(stuck.waiting, 3);
  EXPECT_EQ(share->threads(), 3U);
  for (int i = 0; i < 2; ++i) {
    clients.push_back(runtime.connect(0, other.script(), other.counts));
    write_to(clients.back(), "x");
  }
  wait_until([&] { return other.counts.jobs == 2; });
  // One that ends has the next one of its plugin run.
  other.promise.set_value();
  stuck.promise.set_value();
  wait_until([&] { return stuck.counts.jobs == 6; });
  wait_until([&] { return share->threads() == 0; });
  EXPECT_EQ(other.refused, 0);
}

TEST(Pool, WhatWaitsForItsPluginIsOvertakenByOthers) {
  const auto share = std::make_shared<Share>("stuck");
  Gate first;
  first.kind = JobKind::kForWork;
  first.route.belong_to(share, 1);
  Gate second;
  second.kind = JobKind::kForWork;
  std::vector<base::Descriptor> clients;
  Runtime runtime(options(1, 3));  // two for jobs
  for (Gate* gate : {&first, &first, &second, &second}) {
    clients.push_back(runtime.connect(0, gate->script(), gate->counts));
    write_to(clients.back(), "x");
    wait_until([&] {
      return first.counts.jobs + second.counts.jobs + static_cast<int>(runtime.pool().queued()) ==
             static_cast<int>(clients.size());
    });
  }
  EXPECT_EQ(second.counts.jobs, 1);
  second.promise.set_value();
  wait_until([&] { return second.counts.jobs == 2; });
  EXPECT_EQ(first.counts.jobs, 1) << "it still waits for the one before it";
  first.promise.set_value();
  wait_until([&] { return first.counts.jobs == 2; });
}

TEST(Pool, AJobThatWaitedTooLongIsRejectedByItsLoop) {
  for (const std::size_t loops : {1U, 2U}) {
    test::FakeClock clock;
    Gate gate;
    std::vector<base::Descriptor> clients;
    Runtime runtime(options(loops, 1 + loops), clock);
    for (int i = 0; i < 4; ++i) {
      clients.push_back(
          runtime.connect(static_cast<std::size_t>(i) % loops, gate.script(), gate.counts));
      write_to(clients.back(), "x");
    }
    wait_until([&] { return runtime.pool().queued() == 3 && gate.counts.jobs == 1; });
    clock.advance(base::limits::kQueueTimeout - std::chrono::milliseconds(1));
    for (std::size_t i = 0; i < loops; ++i) runtime.on_loop(i);
    EXPECT_EQ(gate.counts.rejects, 0);
    clock.advance(std::chrono::milliseconds(1));
    wait_until([&] { return gate.counts.rejects == 3 && gate.counts.returns == 3; });
    EXPECT_EQ(runtime.pool().queued(), 0U);
    EXPECT_EQ(gate.counts.jobs, 1);
    gate.promise.set_value();
  }
}

TEST(Pool, ThreadsThatStayedIdleEndButForOneALoop) {
  Pool pool(options(2, 6));
  std::vector<Worker*> all;
  while (Worker* const worker = pool.reserve_for_loop()) all.push_back(worker);
  ASSERT_EQ(all.size(), 8U);
  pool.trim();
  EXPECT_TRUE(pool.may_trim()) << "as soon as they are idle";
  for (Worker* const worker : all) pool.unreserve(*worker);
  pool.trim();
  EXPECT_EQ(pool.threads(), 8U) << "they were in use since the last time";
  EXPECT_TRUE(pool.may_trim());
  Worker* const used = pool.reserve_for_loop();
  pool.unreserve(*used);
  pool.trim();
  EXPECT_EQ(pool.threads(), 3U) << "all but two, and one that was needed meanwhile";
  pool.trim();
  EXPECT_EQ(pool.threads(), 2U);
  wait_until([&] {
    pool.trim();
    return !pool.may_trim();
  });
  EXPECT_TRUE(pool.has_spares());
  Worker* const made = pool.reserve_for_loop();
  ASSERT_NE(made, nullptr);
  pool.unreserve(*made);
  EXPECT_TRUE(pool.stop(base::system_clock(), soon()));
}

TEST(Pool, AFullQueueRefusesAndTheCallerKeepsTheConnection) {
  PoolOptions small = options(1, 2);
  small.queue = 2;
  Gate gate;
  std::vector<base::Descriptor> clients;
  Runtime runtime(small);
  for (int i = 0; i < 5; ++i) {
    clients.push_back(runtime.connect(0, gate.script(), gate.counts));
    write_to(clients.back(), "x");
  }
  wait_until([&] { return gate.refused == 2; });
  EXPECT_EQ(runtime.pool().queued(), 2U);
  gate.promise.set_value();
  wait_until([&] { return gate.counts.jobs == 3; });
}

TEST(Pool, QueuedJobRunsWhenAReservedThreadIsGivenBackUnused) {
  Gate gate;
  Runtime runtime(options(1, 2));
  Worker* const spare = runtime.pool().reserve_for_loop();
  ASSERT_NE(spare, nullptr);
  const base::Descriptor client = runtime.connect(0, gate.script(), gate.counts);
  write_to(client, "x");
  wait_until([&] { return runtime.pool().queued() == 1; });
  EXPECT_EQ(gate.counts.jobs, 0);
  gate.promise.set_value();
  runtime.pool().unreserve(*spare);
  wait_until([&] { return gate.counts.jobs == 1; });
}

TEST(Pool, ThreadsAreMadeWhenNeededAndKept) {
  FakeConnection::Counts counts;
  Runtime runtime(options(1, 4));
  EXPECT_EQ(runtime.pool().threads(), 1U);
  FakeConnection::Script script;
  script.on_readable = [](FakeConnection& connection, Worker& worker) {
    connection.read_all();
    connection.hold(false);
    EXPECT_EQ(worker.pool().submit(connection, JobKind::kForClient), Submitted::kTaken);
    return Turn::kKept;
  };
  script.on_return = script.on_readable;  // the next byte may come before it is given back
  script.job = [](FakeConnection& connection, Worker&) { connection.give_back(false); };
  const base::Descriptor client = runtime.connect(0, script, counts);
  for (int i = 1; i <= 20; ++i) {
    write_to(client, "x");
    wait_until([&] { return counts.jobs >= i; });
    runtime.on_loop(0);
  }
  EXPECT_LE(runtime.pool().threads(), 5U) << "20 jobs, none with a thread made for it alone";
}

TEST(Pool, StopSaysFalseAtTheDeadlineAndTrueOnceTheJobIsOver) {
  Gate gate;
  Pool pool(options(1, 2));
  {
    Loops loops(pool, base::system_clock());
    ASSERT_TRUE(loops.open().ok());
    ASSERT_TRUE(loops.start().ok());
    std::promise<void> over;
    FakeConnection::Script script;
    script.job = [&](FakeConnection&, Worker&) {
      gate.opened.wait();
      over.set_value();
    };
    FakeConnection job(base::Descriptor(), script, gate.counts);
    ASSERT_EQ(pool.submit(job, JobKind::kForClient), Submitted::kTaken);
    loops.drain(true);
    ASSERT_TRUE(loops.wait_drained(soon()));
    EXPECT_FALSE(pool.stop(base::system_clock(), base::system_clock().now()));
    gate.promise.set_value();
    over.get_future().wait();
    EXPECT_TRUE(pool.stop(base::system_clock(), soon()));
    EXPECT_TRUE(pool.stop(base::system_clock(), soon())) << "once more does no harm";
  }
}

TEST(Pool, ScratchIsMadeOnceOnEachThread) {
  struct Own final : Scratch {
    std::thread::id thread = std::this_thread::get_id();
  };
  std::atomic<int> made{0};
  PoolOptions with_scratch = options(2, 2);
  with_scratch.make_scratch = [&made] {
    ++made;
    return std::make_unique<Own>();
  };
  Runtime runtime(with_scratch);
  for (const std::size_t loop : {0U, 1U}) {
    runtime.on_loop(loop, [](Worker& worker) {
      EXPECT_EQ(static_cast<Own&>(worker.scratch()).thread, std::this_thread::get_id());
      EXPECT_EQ(worker.buffer().size(), base::limits::kReadBuffer);
    });
  }
  EXPECT_EQ(made, 2);
}

}  // namespace
}  // namespace berth::sched
