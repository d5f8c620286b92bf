#include "sched/inbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "sched/owner_word.h"
#include "unit/sched/fake_connection.h"

namespace berth::sched {
namespace {

using testing::FakeConnection;

std::vector<std::unique_ptr<FakeConnection>> connections(std::size_t count,
                                                         FakeConnection::Counts& counts) {
  std::vector<std::unique_ptr<FakeConnection>> made;
  for (std::size_t i = 0; i < count; ++i) {
    made.push_back(
        std::make_unique<FakeConnection>(base::Descriptor(), FakeConnection::Script(), counts));
  }
  return made;
}

TEST(Inbox, GivesWhatWasPushedOldestFirst) {
  FakeConnection::Counts counts;
  const auto made = connections(5, counts);
  Inbox inbox;
  EXPECT_TRUE(inbox.empty());
  for (const auto& connection : made) inbox.push(*connection);
  EXPECT_FALSE(inbox.empty());
  Connection* next = inbox.take();
  for (const auto& connection : made) {
    ASSERT_EQ(next, connection.get());
    next = Inbox::next(*next);
  }
  EXPECT_EQ(next, nullptr);
  EXPECT_TRUE(inbox.empty());
  EXPECT_TRUE(inbox.looks_empty());
}

TEST(Inbox, LosesAndDoublesNothingUnderManyPushers) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 2000;
  FakeConnection::Counts counts;
  const auto made = connections(kThreads * kEach, counts);
  Inbox inbox;
  std::vector<std::thread> pushers;
  for (std::size_t t = 0; t < kThreads; ++t) {
    pushers.emplace_back([&, t] {
      for (std::size_t i = 0; i < kEach; ++i) inbox.push(*made[t * kEach + i]);
    });
  }
  std::vector<Connection*> taken;
  while (taken.size() < made.size()) {
    for (Connection* next = inbox.take(); next != nullptr; next = Inbox::next(*next)) {
      taken.push_back(next);
    }
    std::this_thread::yield();
  }
  for (std::thread& pusher : pushers) pusher.join();
  EXPECT_TRUE(inbox.empty());
  std::sort(taken.begin(), taken.end());
  EXPECT_EQ(std::unique(taken.begin(), taken.end()), taken.end());
}

TEST(OwnerWord, ExactlyOneOfLeaveAndStealWins) {
  OwnerWord word;
  const OwnerWord::Token first = word.enter();
  EXPECT_EQ(word.load(), first);
  EXPECT_TRUE(word.leave(first));
  EXPECT_FALSE(word.steal(first));
  const OwnerWord::Token second = word.enter();
  EXPECT_NE(first, second);
  EXPECT_FALSE(word.steal(first)) << "a token of an earlier stay";
  EXPECT_TRUE(word.steal(second));
  EXPECT_FALSE(word.leave(second));
  EXPECT_EQ(word.load() % 2, 0U);
}

// What the driver wrote before enter() is the stealer's, plainly: ThreadSanitizer watches
// `loop_side`.
TEST(OwnerWord, HandsTheLoopSideToTheWinner) {
  OwnerWord word;
  std::uint64_t loop_side = 0;
  std::uint64_t rounds = 0;
  constexpr std::uint64_t kRounds = 500;
  std::atomic<OwnerWord::Token> offered{0};
  std::atomic<std::uint64_t> stolen{0};
  std::thread stealer([&] {
    for (std::uint64_t done = 0; done < kRounds;) {
      const OwnerWord::Token token = offered.exchange(0, std::memory_order_relaxed);
      if (token == 0) {
        std::this_thread::yield();
        continue;
      }
      if (word.steal(token)) ++loop_side;
      stolen.store(++done, std::memory_order_release);
    }
  });
  for (; rounds < kRounds; ++rounds) {
    const OwnerWord::Token token = word.enter();
    offered.store(token, std::memory_order_relaxed);
    if (word.leave(token)) ++loop_side;
    while (stolen.load(std::memory_order_acquire) != rounds + 1) std::this_thread::yield();
  }
  stealer.join();
  EXPECT_EQ(loop_side, kRounds);
}

}  // namespace
}  // namespace berth::sched
