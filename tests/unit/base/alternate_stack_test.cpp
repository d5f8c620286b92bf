#include "base/alternate_stack.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstddef>
#include <thread>
#include <vector>

#include "base/limits.h"

namespace berth::base {
namespace {

stack_t present() {
  stack_t now{};
  EXPECT_EQ(::sigaltstack(nullptr, &now), 0);
  return now;
}

bool has_none(const stack_t& stack) { return (stack.ss_flags & SS_DISABLE) != 0; }

// On a thread of its own, without the stack that a sanitizer may have given it.
template <class Body>
void on_bare_thread(const Body& body) {
  std::thread([&body] {
    const stack_t before = present();
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    ASSERT_EQ(::sigaltstack(&none, nullptr), 0);
    body();
    stack_t again = before;
    again.ss_flags &= SS_DISABLE;
    EXPECT_EQ(::sigaltstack(&again, nullptr), 0);
  }).join();
}

TEST(AlternateStack, AThreadHasOneForAsLongAsItLives) {
  on_bare_thread([] {
    {
      const AlternateStack stack;
      EXPECT_FALSE(has_none(present()));
      EXPECT_GE(present().ss_size, limits::kFaultStack);
    }
    EXPECT_TRUE(has_none(present()));
  });
}

TEST(AlternateStack, TheOneThatIsThereStays) {
  on_bare_thread([] {
    std::vector<char> memory(std::size_t{64} * 1024);
    stack_t own{};
    own.ss_sp = memory.data();
    own.ss_size = memory.size();
    ASSERT_EQ(::sigaltstack(&own, nullptr), 0);
    { const AlternateStack stack; }
    EXPECT_EQ(present().ss_sp, memory.data());
  });
}

TEST(AlternateStack, OneThatIsPutInItsPlaceIsLeftAlone) {
  on_bare_thread([] {
    std::vector<char> memory(std::size_t{64} * 1024);
    {
      const AlternateStack stack;
      stack_t own{};
      own.ss_sp = memory.data();
      own.ss_size = memory.size();
      ASSERT_EQ(::sigaltstack(&own, nullptr), 0);
    }
    EXPECT_EQ(present().ss_sp, memory.data());
  });
}

}  // namespace
}  // namespace berth::base
