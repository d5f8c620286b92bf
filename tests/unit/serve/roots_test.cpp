#include "serve/roots.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "serve/request.h"
#include "support/routes.h"

namespace berth::serve {
namespace {

class RootsTest : public ::testing::Test {
 protected:
  test::Routes routes_;
  Root first_{routes_, 1};
  Root second_{routes_, 2};
  Roots roots_{first_};
};

TEST_F(RootsTest, APinIsThePresentRootAndStaysUntilTheNext) {
  RootSlot slot(roots_);
  EXPECT_EQ(&slot.pin(), &first_);
  EXPECT_EQ(&roots_.replace(second_), &first_);
  EXPECT_EQ(&slot.root(), &first_);
  EXPECT_FALSE(roots_.is_unused(first_)) << "the thread may be inside a handler";
  EXPECT_EQ(&slot.pin(), &second_);
  EXPECT_TRUE(roots_.is_unused(first_));
}

TEST_F(RootsTest, AThreadThatRestsPinsNothing) {
  RootSlot slot(roots_);
  (void)slot.pin();
  (void)roots_.replace(second_);
  EXPECT_EQ(roots_.pins(first_), 1U);
  slot.rest();
  EXPECT_EQ(roots_.pins(first_), 0U);
  EXPECT_TRUE(roots_.is_unused(first_));
}

TEST_F(RootsTest, AHoldOutlastsThePinAndIsAdoptedByAnotherThread) {
  RootSlot slot(roots_);
  slot.pin().hold();
  slot.rest();
  (void)roots_.replace(second_);
  EXPECT_FALSE(roots_.is_unused(first_));
  RootSlot other(roots_);
  other.adopt(first_);
  first_.release();
  EXPECT_EQ(&other.root(), &first_) << "the request keeps the root it began with";
  EXPECT_FALSE(roots_.is_unused(first_));
  other.rest();
  EXPECT_TRUE(roots_.is_unused(first_));
}

TEST_F(RootsTest, ASlotThatIsGonePinsNothing) {
  auto slot = std::make_unique<RootSlot>(roots_);
  (void)slot->pin();
  (void)roots_.replace(second_);
  slot.reset();
  EXPECT_TRUE(roots_.is_unused(first_));
}

// A root that poisons itself when it is freed, so that a use after that is seen without a
// sanitizer, too.
struct World {
  explicit World(Handler& handler, std::uint64_t number) : root(handler, number) {}
  ~World() { alive.store(false, std::memory_order_relaxed); }
  Root root;
  std::atomic<bool> alive{true};
};

TEST_F(RootsTest, NoThreadSeesARootThatWasFoundUnused) {
  constexpr std::uint64_t kReplaced = 200;
  std::vector<std::unique_ptr<World>> worlds;
  for (std::uint64_t i = 0; i <= kReplaced; ++i) {
    worlds.push_back(std::make_unique<World>(routes_, i));
  }
  Roots roots(worlds[0]->root);
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> seen_dead{0};
  const auto use = [&](Root& root) {
    if (!worlds[root.generation()]->alive.load(std::memory_order_relaxed)) ++seen_dead;
  };
  // One in eight goes to another thread by a hold, as an exchange that is handed over does.
  std::atomic<Root*> handed{nullptr};
  const auto serve = [&](bool takes) {
    RootSlot slot(roots);
    for (unsigned turn = 0; !done.load(std::memory_order_relaxed); ++turn) {
      if (takes) {
        if (Root* const root = handed.exchange(nullptr, std::memory_order_acq_rel)) {
          slot.adopt(*root);
          root->release();
          use(slot.root());
        }
      } else {
        Root& root = slot.pin();
        use(root);
        if (turn % 8 == 0) {
          root.hold();
          Root* none = nullptr;
          if (!handed.compare_exchange_strong(none, &root, std::memory_order_acq_rel))
            root.release();
        }
        if (turn % 4 != 0) continue;
      }
      slot.rest();
    }
  };
  std::vector<std::thread> threads;
  for (const bool takes : {false, false, true}) threads.emplace_back(serve, takes);
  for (std::uint64_t i = 1; i <= kReplaced; ++i) {
    Root& old = roots.replace(worlds[i]->root);
    while (!roots.is_unused(old)) std::this_thread::yield();
    worlds[i - 1]->alive.store(false, std::memory_order_relaxed);
  }
  done.store(true, std::memory_order_relaxed);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(seen_dead.load(), 0U);
}

}  // namespace
}  // namespace berth::serve
