#include "sched/loop.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <vector>

#include "support/fake_clock.h"
#include "unit/sched/fake_connection.h"

namespace berth::sched {
namespace {

using namespace std::chrono_literals;
using testing::FakeConnection;
using testing::options;
using testing::read_from;
using testing::Runtime;
using testing::wait_until;
using testing::write_to;
using Inside = FakeConnection::Inside;

// Sends back one byte for each that came, inline.
Turn echo_inline(FakeConnection& connection, Worker& worker) {
  const Inside inside(connection.counts_);
  const std::size_t bytes = connection.read_all();
  connection.hold(connection.ended());
  worker.enter_handler(connection.route());
  if (bytes > 0) connection.write(std::string(bytes, '.'));
  if (!worker.leave_handler()) {
    connection.give_back(false);
    return Turn::kLost;
  }
  connection.unhold();
  if (connection.ended()) connection.end();
  return Turn::kKept;
}

FakeConnection::Script echo_script() {
  return {.on_readable = echo_inline, .on_return = echo_inline};
}

// The same on a thread of its own.
FakeConnection::Script offloaded_echo_script() {
  FakeConnection::Script script;
  script.on_readable = [](FakeConnection& connection, Worker& worker) {
    connection.hold(false);
    if (worker.pool().submit(connection, JobKind::kForClient) == Submitted::kRefused)
      ADD_FAILURE() << "the queue is full";
    return Turn::kKept;
  };
  script.on_return = script.on_readable;
  script.job = [](FakeConnection& connection, Worker&) {
    {
      const Inside inside(connection.counts_);
      const std::size_t bytes = connection.read_all();
      if (bytes > 0) connection.write(std::string(bytes, '.'));
    }
    connection.give_back(false);
  };
  script.on_return = [](FakeConnection& connection, Worker& worker) {
    if (connection.ended()) {
      connection.end();
      return Turn::kKept;
    }
    connection.hold(false);
    if (worker.pool().submit(connection, JobKind::kForClient) == Submitted::kRefused)
      ADD_FAILURE() << "the queue is full";
    return Turn::kKept;
  };
  return script;
}

TEST(Loop, TellsAConnectionWhatComes) {
  FakeConnection::Counts counts;
  Runtime runtime(options(1));
  base::Descriptor client = runtime.connect(0, echo_script(), counts);
  for (int i = 0; i < 100; ++i) {
    write_to(client, "abc");
    EXPECT_EQ(read_from(client, 3), "...");
  }
  client.reset();
  wait_until([&] { return counts.alive == 0; });
  EXPECT_EQ(runtime.loops().connections(), 0U);
}

// Each byte written is an event that may fall into any moment of hold and give_back: none may be
// lost.
TEST(Loop, LosesNoEventBetweenAHolderAndTheDriver) {
  for (const std::size_t loops : {1U, 2U, 4U}) {
    constexpr std::size_t kClients = 6;
    constexpr int kRounds = 150;
    std::vector<FakeConnection::Counts> counts(kClients);
    std::vector<std::thread> threads;
    Runtime runtime(options(loops, 8));
    for (std::size_t i = 0; i < kClients; ++i) {
      threads.emplace_back([&, i] {
        const base::Descriptor client =
            runtime.connect(i % loops, offloaded_echo_script(), counts[i]);
        for (int round = 0; round < kRounds; ++round) {
          const std::size_t bytes = 1 + static_cast<std::size_t>(round) % 3;
          for (std::size_t byte = 0; byte < bytes; ++byte) write_to(client, "x");
          ASSERT_EQ(read_from(client, bytes).size(), bytes);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const FakeConnection::Counts& count : counts) {
      EXPECT_EQ(count.overlaps, 0);
      wait_until([&] { return count.alive == 0; });
    }
  }
}

TEST(Loop, ANewConnectionIsLookedAtBeforeItIsWatched) {
  FakeConnection::Counts counts;
  FakeConnection::Script script;
  std::atomic<std::size_t> bytes{0};
  script.on_adopted = [&](FakeConnection& connection, Worker&) {
    bytes = connection.read_all();
    connection.write("done");
    connection.end();  // so it never is
    return Turn::kKept;
  };
  Runtime runtime(options(1));
  base::Descriptor client;
  runtime.on_loop(0, [&](Worker& worker) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    client.reset(ends[1]);
    write_to(client, "x");
    worker.loop()->adopt(
        std::make_unique<FakeConnection>(base::Descriptor(ends[0]), script, counts));
  });
  EXPECT_EQ(read_from(client, 4), "done");
  wait_until([&] { return counts.alive == 0; });
  EXPECT_EQ(bytes, 1U);
  EXPECT_EQ(counts.events, 0);
}

// A connection whose first look ends in a handler that gives its loop away.
struct FirstLook {
  explicit FirstLook(bool forsaken) {
    script.on_adopted = [this, forsaken](FakeConnection& connection, Worker& worker) {
      connection.hold(false);
      worker.enter_handler(connection.route());
      if (forsaken) connection.loop().forsake(connection);
      EXPECT_TRUE(worker.release_loop());
      inside = &connection;
      leave.get_future().wait();
      EXPECT_FALSE(worker.leave_handler());
      connection.give_back(false);
      return Turn::kLost;
    };
  }
  FakeConnection::Counts counts;
  FakeConnection::Script script;
  std::promise<void> leave;
  std::atomic<FakeConnection*> inside{nullptr};
};

TEST(Loop, WhoTakesItFromAFirstLookWatchesTheConnection) {
  FirstLook look(false);
  Runtime runtime(options(1));
  base::Descriptor client = runtime.connect(0, look.script, look.counts);
  wait_until([&] { return look.inside != nullptr; });
  client.reset();
  wait_until([&] { return look.inside.load()->gone(); });
  look.leave.set_value();
  wait_until([&] { return look.counts.returns == 1; });
}

TEST(Loop, AForsakenConnectionIsNotWatched) {
  FirstLook look(true);
  Runtime runtime(options(1));
  const base::Descriptor client = runtime.connect(0, look.script, look.counts);
  wait_until([&] { return look.inside != nullptr; });
  write_to(client, "x");
  // Another connection's event: the batch would have had news of this one too.
  FakeConnection::Counts counts;
  const base::Descriptor other = runtime.connect(0, echo_script(), counts);
  write_to(other, "x");
  EXPECT_EQ(read_from(other, 1), ".");
  look.leave.set_value();
  runtime.on_loop(0);
  EXPECT_EQ(look.counts.events, 0);
  EXPECT_EQ(look.counts.returns, 0);
}

TEST(Loop, AReturnThatWasQueuedWaitsWhileAThreadHoldsTheConnection) {
  FakeConnection::Counts counts;
  std::promise<void> open;
  const std::shared_future<void> opened = open.get_future().share();
  std::atomic<int> returns_while_held{0};
  std::atomic<bool> held{false};
  FakeConnection::Script script;
  base::Descriptor client;
  // Turn 1: an event queues the connection. Turn 2: it queues itself again, and bytes come. Turn 3:
  // the event of these comes first and hands the connection over; the queue's turn is next.
  int events = 0;
  script.on_readable = [&](FakeConnection& connection, Worker& worker) {
    connection.read_all();
    if (++events == 1) {
      connection.loop().requeue(connection);
      return Turn::kKept;
    }
    held = true;
    connection.hold(false);
    EXPECT_EQ(worker.pool().submit(connection, JobKind::kForClient), Submitted::kTaken);
    return Turn::kKept;
  };
  int returns = 0;
  script.on_return = [&](FakeConnection& connection, Worker&) {
    if (held) ++returns_while_held;
    if (++returns == 1) {
      connection.loop().requeue(connection);
      write_to(client, "y");
    }
    return Turn::kKept;
  };
  script.job = [&](FakeConnection& connection, Worker&) {
    opened.wait();
    held = false;
    connection.give_back(false);
  };
  Runtime runtime(options(1));
  client = runtime.connect(0, script, counts);
  write_to(client, "x");
  wait_until([&] { return counts.jobs == 1; });
  runtime.on_loop(0);
  EXPECT_EQ(returns_while_held, 0);
  EXPECT_EQ(counts.returns, 1);
  open.set_value();
  wait_until([&] { return counts.returns == 2; });  // it is looked at once it is back
}

TEST(Loop, RequeueGivesOthersTheirTurnFirst) {
  FakeConnection::Counts greedy_counts;
  FakeConnection::Counts counts;
  FakeConnection::Script greedy;
  std::atomic<bool> stop{false};
  greedy.on_readable = [](FakeConnection& connection, Worker&) {
    connection.read_all();
    connection.loop().requeue(connection);
    return Turn::kKept;
  };
  greedy.on_return = [&stop](FakeConnection& connection, Worker&) {
    if (!stop) connection.loop().requeue(connection);
    return Turn::kKept;
  };
  Runtime runtime(options(1));
  const base::Descriptor busy = runtime.connect(0, greedy, greedy_counts);
  const base::Descriptor client = runtime.connect(0, echo_script(), counts);
  write_to(busy, "x");
  wait_until([&] { return greedy_counts.returns > 10; });
  for (int i = 0; i < 10; ++i) {
    write_to(client, "x");
    EXPECT_EQ(read_from(client, 1), ".");
  }
  stop = true;
}

TEST(Loop, AClosedConnectionThatIsQueuedGetsNoTurn) {
  FakeConnection::Counts counts;
  FakeConnection::Script script;
  script.on_readable = [](FakeConnection& connection, Worker&) {
    connection.loop().requeue(connection);
    connection.end();
    return Turn::kKept;
  };
  Runtime runtime(options(1));
  const base::Descriptor client = runtime.connect(0, script, counts);
  write_to(client, "x");
  wait_until([&] { return counts.alive == 0; });
  EXPECT_EQ(counts.returns, 0);
}

TEST(Loop, AConnectionMayEndOthersOfTheSameBatch) {
  FakeConnection::Counts counts;
  std::vector<FakeConnection*> all;  // the driver's
  FakeConnection::Script script;
  script.on_readable = [&all](FakeConnection& connection, Worker&) {
    connection.read_all();
    for (FakeConnection* other : all) {
      if (other != &connection) other->end();
    }
    all.clear();
    return Turn::kKept;
  };
  std::vector<base::Descriptor> clients;
  Runtime runtime(options(1));
  runtime.on_loop(0, [&](Worker& worker) {
    for (int i = 0; i < 8; ++i) {
      std::array<int, 2> ends{};
      ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()),
                0);
      auto connection = std::make_unique<FakeConnection>(base::Descriptor(ends[0]), script, counts);
      all.push_back(connection.get());
      worker.loop()->adopt(std::move(connection));
      clients.emplace_back(ends[1]);
      write_to(clients.back(), "x");  // so all of them have an event in the next batch
    }
  });
  wait_until([&] { return counts.alive == 1; });
  EXPECT_EQ(counts.events, 1);
}

TEST(Loop, FiresTheTimerOfAConnectionByTheClockItWasGiven) {
  test::FakeClock clock;
  FakeConnection::Counts counts;
  FakeConnection::Script script;
  script.on_readable = [](FakeConnection& connection, Worker&) {
    connection.read_all();
    connection.loop().schedule(connection, connection.loop().now() + 10s);
    return Turn::kKept;
  };
  Runtime runtime(options(1), clock);
  const base::Descriptor client = runtime.connect(0, script, counts);
  write_to(client, "x");
  wait_until([&] { return counts.events == 1; });
  clock.advance(9s);
  runtime.on_loop(0);
  runtime.on_loop(0);
  EXPECT_EQ(counts.deadlines, 0);
  clock.advance(2s);
  runtime.on_loop(0);
  wait_until([&] { return counts.deadlines == 1 && counts.alive == 0; });
}

TEST(Loop, TheTimerOfAHeldConnectionFreesNothing) {
  test::FakeClock clock;
  FakeConnection::Counts counts;
  std::promise<void> open;
  const std::shared_future<void> opened = open.get_future().share();
  FakeConnection::Script script;
  script.on_readable = [](FakeConnection& connection, Worker& worker) {
    if (connection.read_all() == 0) {
      connection.end();
      return Turn::kKept;
    }
    connection.loop().schedule(connection, connection.loop().now() + 1s);
    connection.hold(false);
    EXPECT_EQ(worker.pool().submit(connection, JobKind::kForClient), Submitted::kTaken);
    return Turn::kKept;
  };
  script.job = [&](FakeConnection& connection, Worker&) {
    opened.wait();
    connection.write("!");
    connection.give_back(false);
  };
  Runtime runtime(options(1), clock);
  const base::Descriptor client = runtime.connect(0, script, counts);
  write_to(client, "x");
  wait_until([&] { return counts.jobs == 1; });
  clock.advance(5s);
  runtime.on_loop(0);
  wait_until([&] { return counts.deadlines_held == 1; });
  EXPECT_EQ(counts.deadlines, 0);
  EXPECT_EQ(counts.alive, 1);
  open.set_value();
  EXPECT_EQ(read_from(client, 1), "!");
}

TEST(Loop, PeerThatClosesIsSeenByTheHolderAsGone) {
  FakeConnection::Counts counts;
  std::promise<void> seen;
  FakeConnection::Script script = offloaded_echo_script();
  script.job = [&](FakeConnection& connection, Worker&) {
    wait_until([&] { return connection.gone(); });
    seen.set_value();
    connection.read_all();
    connection.give_back(false);
  };
  Runtime runtime(options(1));
  base::Descriptor client = runtime.connect(0, script, counts);
  write_to(client, "x");
  wait_until([&] { return counts.jobs == 1; });
  client.reset();
  seen.get_future().wait();
  wait_until(
      [&] { return counts.alive == 0; });  // and the driver looks at it although nobody asked it to
}

// A handler that gives its loop away, as it does before it waits: the others are served meanwhile.
TEST(Loop, ServesOthersWhileAHandlerThatReleasedItWaits) {
  for (const std::size_t loops : {1U, 2U, 4U}) {
    FakeConnection::Counts slow_counts;
    FakeConnection::Counts counts;
    std::promise<void> open;
    const std::shared_future<void> opened = open.get_future().share();
    FakeConnection::Script slow;
    slow.on_readable = [&](FakeConnection& connection, Worker& worker) {
      connection.read_all();
      connection.hold(false);
      worker.enter_handler(connection.route());
      EXPECT_TRUE(worker.release_loop());
      EXPECT_TRUE(worker.release_loop()) << "it owns no loop any more, so it may wait";
      EXPECT_EQ(worker.loop(), nullptr);
      opened.wait();
      connection.write("slow");
      EXPECT_FALSE(worker.leave_handler());
      connection.give_back(false);
      return Turn::kLost;
    };
    std::vector<base::Descriptor> slow_clients;
    Runtime runtime(options(loops, 6));
    for (std::size_t i = 0; i < 3; ++i) {
      slow_clients.push_back(runtime.connect(i % loops, slow, slow_counts));
      write_to(slow_clients.back(), "x");
    }
    wait_until([&] { return slow_counts.events == 3; });
    for (std::size_t i = 0; i < loops; ++i) {
      const base::Descriptor client = runtime.connect(i, echo_script(), counts);
      for (int round = 0; round < 20; ++round) {
        write_to(client, "x");
        ASSERT_EQ(read_from(client, 1), ".");
      }
    }
    open.set_value();
    for (const base::Descriptor& client : slow_clients) EXPECT_EQ(read_from(client, 4), "slow");
  }
}

TEST(Loop, TheRestOfABatchIsServedByTheNextDriver) {
  FakeConnection::Counts counts;
  FakeConnection::Script script;
  // Every handler gives the loop away: a batch of eight needs nine drivers.
  script.on_readable = [](FakeConnection& connection, Worker& worker) {
    const std::size_t bytes = connection.read_all();
    connection.hold(false);
    worker.enter_handler(connection.route());
    const bool released = worker.release_loop();
    if (bytes > 0) connection.write(std::string(bytes, '.'));
    if (worker.leave_handler()) {
      EXPECT_FALSE(released);
      connection.unhold();
      return Turn::kKept;
    }
    connection.give_back(false);
    return Turn::kLost;
  };
  script.on_return = script.on_readable;  // the next byte may come before it is given back
  std::vector<base::Descriptor> clients;
  Runtime runtime(options(1, 8));
  for (int i = 0; i < 8; ++i) clients.push_back(runtime.connect(0, script, counts));
  for (int round = 0; round < 50; ++round) {
    runtime.on_loop(0, [&](Worker&) {
      for (const base::Descriptor& client : clients) write_to(client, "x");
    });
    for (const base::Descriptor& client : clients) ASSERT_EQ(read_from(client, 1), ".");
  }
}

TEST(Loop, WithoutASpareThreadAHandlerKeepsItsLoop) {
  FakeConnection::Counts counts;
  Runtime runtime(options(1, 1));
  Worker* const last = runtime.pool().reserve_for_loop();
  ASSERT_NE(last, nullptr);
  FakeConnection::Script script;
  script.on_readable = [](FakeConnection& connection, Worker& worker) {
    if (connection.read_all() == 0) {
      connection.end();
      return Turn::kKept;
    }
    connection.hold(false);
    worker.enter_handler(connection.route());
    EXPECT_FALSE(worker.release_loop());
    EXPECT_NE(worker.loop(), nullptr);
    connection.write("!");
    EXPECT_TRUE(worker.leave_handler());
    connection.unhold();
    return Turn::kKept;
  };
  const base::Descriptor client = runtime.connect(0, script, counts);
  write_to(client, "x");
  EXPECT_EQ(read_from(client, 1), "!");
  runtime.pool().unreserve(*last);
}

}  // namespace
}  // namespace berth::sched
