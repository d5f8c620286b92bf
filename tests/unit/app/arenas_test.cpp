// The allocator with the bound, and without.
#include "app/arenas.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace berth::app {
namespace {

// What malloc_info(3) tells: `<heap nr="3">` and so on.
int heaps() {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* const file = ::open_memstream(&text, &size);
  (void)::malloc_info(0, file);
  (void)std::fclose(file);
  const std::unique_ptr<char, decltype(&std::free)> owner(text, &std::free);
  constexpr std::string_view kHeap = "<heap nr=";
  const std::string_view told(text, size);
  int count = 0;
  for (std::size_t at = told.find(kHeap); at != std::string_view::npos;
       at = told.find(kHeap, at + kHeap.size())) {
    ++count;
  }
  return count;
}

// How many there are once so many threads, all at a time, have asked for memory.
int heaps_of(int threads) {
  std::latch all(threads + 1);
  std::latch counted(1);
  std::vector<std::jthread> running;
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      const std::string some(10'000, 'x');
      all.arrive_and_wait();
      counted.wait();
    });
  }
  all.arrive_and_wait();
  const int count = heaps();
  counted.count_down();
  return count;
}

// What the tests below need more than.
int bound() {
  return static_cast<int>(std::max(std::thread::hardware_concurrency(), 2U)) * kArenasPerCore;
}

// In a process of its own, which has no heaps yet. Sanitizers bring an allocator along; there
// the first of the tests has nothing to find.
TEST(Arenas, AreNoMoreThanTheCoresNeed) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        bound_arenas();
        std::exit(heaps_of(2 * bound()) <= bound() ? 0 : 1);  // NOLINT(concurrency-mt-unsafe)
      },
      testing::ExitedWithCode(0), "");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(Arenas, WhoeverHasSetThemInTheEnvironmentHasDecided) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const char* const variable : {"MALLOC_ARENA_MAX", "GLIBC_TUNABLES"}) {
    // The allocator has read it before main(): what counts is that nobody sets another bound.
    EXPECT_EXIT(
        {
          ::setenv(variable, "glibc.malloc.arena_max=1000", 1);  // NOLINT(concurrency-mt-unsafe)
          bound_arenas();
          std::exit(heaps_of(2 * bound()) > bound() ? 0 : 1);  // NOLINT(concurrency-mt-unsafe)
        },
        testing::ExitedWithCode(0), "");
  }
}
#endif

}  // namespace
}  // namespace berth::app
