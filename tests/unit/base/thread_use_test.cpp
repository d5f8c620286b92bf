#include "base/thread_use.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

namespace berth::base {
namespace {

using namespace std::chrono_literals;

// Until the thread is seen so.
ThreadUse await(pid_t thread, char state) {
  for (;;) {
    const auto use = thread_use(thread);
    if (!use || use->state == state) return use.value_or(ThreadUse{});
    std::this_thread::sleep_for(1ms);
  }
}

TEST(ThreadUse, OfOneThatComputesGrows) {
  std::atomic<bool> end{false};
  std::promise<pid_t> number;
  std::thread thread([&] {
    (void)::pthread_setname_np(::pthread_self(), ") S (");  // no name misleads
    number.set_value(::gettid());
    while (!end.load(std::memory_order_relaxed)) continue;
  });
  const pid_t id = number.get_future().get();
  const ThreadUse first = await(id, 'R');
  while (thread_use(id)->cpu < first.cpu + 5ms) continue;
  EXPECT_EQ(thread_use(id)->state, 'R');
  end = true;
  thread.join();
}

TEST(ThreadUse, OfOneThatWaitsDoesNot) {
  std::promise<void> end;
  std::promise<pid_t> number;
  std::thread thread([&] {
    number.set_value(::gettid());
    end.get_future().wait();
  });
  const pid_t id = number.get_future().get();
  // The time is read first: it may have been on its way to sleep.
  ThreadUse before = await(id, 'S');
  for (ThreadUse now; (now = *thread_use(id)).cpu != before.cpu; before = now) continue;
  EXPECT_EQ(thread_use(id)->cpu, before.cpu);
  EXPECT_EQ(thread_use(id)->state, 'S');
  end.set_value();
  thread.join();
}

TEST(ThreadUse, OfNoThreadIsNotKnown) {
  EXPECT_FALSE(thread_use(0));
  EXPECT_FALSE(thread_use(-1));
  EXPECT_FALSE(thread_use(1 << 22));  // above any: PID_MAX_LIMIT
}

}  // namespace
}  // namespace berth::base
