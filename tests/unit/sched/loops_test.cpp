#include "sched/loops.h"

#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "unit/sched/fake_connection.h"

namespace berth::sched {
namespace {

using testing::FakeConnection;
using testing::options;
using testing::read_from;
using testing::Runtime;
using testing::soon;
using testing::wait_until;
using testing::write_to;

TEST(Loops, ChooseTakesAnotherLoopOnlyIfItHasClearlyFewer) {
  FakeConnection::Counts counts;
  std::vector<base::Descriptor> clients;
  Runtime runtime(options(2));
  Loops& loops = runtime.loops();
  EXPECT_EQ(&loops.choose(loops.at(0)), &loops.at(0));
  clients.push_back(runtime.connect(0, {}, counts));
  EXPECT_EQ(&loops.choose(loops.at(0)), &loops.at(0)) << "one more is not worth a wake-up";
  clients.push_back(runtime.connect(0, {}, counts));
  EXPECT_EQ(&loops.choose(loops.at(0)), &loops.at(1));
  EXPECT_EQ(&loops.choose(loops.at(1)), &loops.at(1));
  EXPECT_EQ(loops.connections(), 2U);
}

TEST(Loops, EndWhenTheLastConnectionOfADrainIsClosed) {
  for (const std::size_t count : {1U, 2U, 4U}) {
    Pool pool(options(count));
    Loops loops(pool, base::system_clock());
    ASSERT_TRUE(loops.open().ok());
    ASSERT_TRUE(loops.start().ok());
    EXPECT_FALSE(loops.wait_drained(base::system_clock().now()));
    loops.drain(false);
    EXPECT_TRUE(loops.wait_drained(soon()));
    EXPECT_TRUE(pool.stop(base::system_clock(), soon()));
  }
}

// Each loop hears of the drain in its own time. Until the last has, it may still accept, and send
// what it accepted to a loop that had nothing left to do.
TEST(Loops, AConnectionSentToALoopThatDrainsIsServed) {
  for (int round = 0; round < 5; ++round) {
    Pool pool(options(2));
    FakeConnection::Counts counts;
    Loops loops(pool, base::system_clock());
    ASSERT_TRUE(loops.open().ok());
    ASSERT_TRUE(loops.start().ok());
    std::promise<void> drained_first;
    std::atomic<bool> sent{false};
    Loop& first = loops.at(0);
    Loop& second = loops.at(1);
    second.post_task([&](Worker&) {
      first.post_task([&](Worker& worker) {
        first.drain(worker, false);
        drained_first.set_value();
      });
      drained_first.get_future().wait();
      // Were it to end now, it would be over before this one looks again.
      for (int turn = 0; turn < 50; ++turn) std::this_thread::yield();
      std::array<int, 2> ends{};
      ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()),
                0);
      const base::Descriptor client(ends[1]);
      first.post_new(std::make_unique<FakeConnection>(base::Descriptor(ends[0]),
                                                      FakeConnection::Script(), counts));
      sent = true;
    });
    wait_until([&] { return sent.load(); });
    second.post_task([&](Worker& worker) { second.drain(worker, false); });
    EXPECT_TRUE(loops.wait_drained(soon()));
    EXPECT_EQ(counts.alive, 0) << "a draining loop closes what comes";
    EXPECT_EQ(loops.connections(), 0U);
    EXPECT_TRUE(pool.stop(base::system_clock(), soon()));
  }
}

TEST(Loops, AHeldConnectionHearsOfADrainWhenItComesBack) {
  FakeConnection::Counts counts;
  std::promise<void> open;
  const std::shared_future<void> opened = open.get_future().share();
  FakeConnection::Script script;
  script.on_readable = [](FakeConnection& connection, Worker& worker) {
    connection.read_all();
    connection.hold(false);
    EXPECT_EQ(worker.pool().submit(connection, JobKind::kForClient), Submitted::kTaken);
    return Turn::kKept;
  };
  script.job = [&](FakeConnection& connection, Worker&) {
    opened.wait();
    connection.write("done");
    connection.give_back(false);  // as if nothing were to be done: it has not heard of the drain
  };
  script.on_return = [](FakeConnection& connection, Worker&) {
    if (connection.loop().draining()) connection.end();
    return Turn::kKept;
  };
  Runtime runtime(options(1));
  const base::Descriptor client = runtime.connect(0, script, counts);
  write_to(client, "x");
  wait_until([&] { return counts.jobs == 1; });
  runtime.loops().drain(false);
  runtime.on_loop(0);
  EXPECT_EQ(counts.shuts, 0);
  open.set_value();
  EXPECT_EQ(read_from(client, 4), "done");
  EXPECT_TRUE(runtime.loops().wait_drained(soon()));
}

TEST(Loops, AHardDrainShutsWhatIsHeldAndEndsWhatIsNot) {
  FakeConnection::Counts held_counts;
  FakeConnection::Counts counts;
  FakeConnection::Script script;
  script.on_readable = [](FakeConnection& connection, Worker& worker) {
    connection.read_all();
    connection.hold(false);
    EXPECT_EQ(worker.pool().submit(connection, JobKind::kForClient), Submitted::kTaken);
    return Turn::kKept;
  };
  script.job = [](FakeConnection& connection, Worker&) {
    wait_until([&] {  // a handler in a read, which a shutdown ends
      connection.read_all();
      return connection.ended();
    });
    connection.give_back(true);
  };
  script.on_return = [](FakeConnection& connection, Worker&) {
    connection.end();
    return Turn::kKept;
  };
  Runtime runtime(options(2));
  const base::Descriptor held = runtime.connect(0, script, held_counts);
  const base::Descriptor idle = runtime.connect(1, {}, counts);
  write_to(held, "x");
  wait_until([&] { return held_counts.jobs == 1; });
  runtime.loops().drain(true);
  EXPECT_TRUE(runtime.loops().wait_drained(soon()));
  EXPECT_EQ(held_counts.shuts, 1);
  EXPECT_EQ(held_counts.alive + counts.alive, 0);
}

TEST(Loops, LeaveNothingBehindThatWasQueuedWhenTheyEnded) {
  FakeConnection::Counts counts;
  {
    FakeConnection::Script script;
    script.on_readable = [](FakeConnection& connection, Worker&) {
      connection.loop().requeue(connection);
      return Turn::kKept;
    };
    script.on_return = script.on_readable;
    Runtime runtime(options(1));
    const base::Descriptor client = runtime.connect(0, script, counts);
    write_to(client, "x");
    wait_until([&] { return counts.returns > 0; });
    runtime.loops().drain(true);
    ASSERT_TRUE(runtime.loops().wait_drained(soon()));
    EXPECT_EQ(counts.alive, 0);
  }
}

}  // namespace
}  // namespace berth::sched
