// A process that the system gives no thread, for a while: as where TasksMax= or RLIMIT_NPROC is
// reached (pthread_create() says EAGAIN). It ends none.
#pragma once

#include <gtest/gtest.h>
#include <pthread.h>

#include <cstddef>

namespace berth::test {

// As long as it lives: a thread of no size of its own would get a stack that no address space has
// room for. Threads that ask for a size are not hindered.
class NoThreads {
 public:
  NoThreads() {
    EXPECT_EQ(::pthread_getattr_default_np(&before_), 0);
    pthread_attr_t huge;
    EXPECT_EQ(::pthread_attr_init(&huge), 0);
    EXPECT_EQ(::pthread_attr_setstacksize(&huge, std::size_t{1} << 50U), 0);
    EXPECT_EQ(::pthread_setattr_default_np(&huge), 0);
    (void)::pthread_attr_destroy(&huge);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;
  ~NoThreads() {
    EXPECT_EQ(::pthread_setattr_default_np(&before_), 0);
    (void)::pthread_attr_destroy(&before_);
  }

 private:
  pthread_attr_t before_;
};

}  // namespace berth::test
