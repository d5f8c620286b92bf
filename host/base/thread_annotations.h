// A mutex that clang's -Wthread-safety can check. Nothing at run time but std::mutex.
#pragma once

#include <mutex>

// The only macros of host/: attributes gcc does not have.
#if defined(__clang__)
#define BERTH_ATTRIBUTE(x) __attribute__((x))
#else
#define BERTH_ATTRIBUTE(x)
#endif
#define BERTH_CAPABILITY(x) BERTH_ATTRIBUTE(capability(x))
#define BERTH_SCOPED_CAPABILITY BERTH_ATTRIBUTE(scoped_lockable)
#define BERTH_GUARDED_BY(x) BERTH_ATTRIBUTE(guarded_by(x))
#define BERTH_REQUIRES(...) BERTH_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define BERTH_ACQUIRE(...) BERTH_ATTRIBUTE(acquire_capability(__VA_ARGS__))
#define BERTH_RELEASE(...) BERTH_ATTRIBUTE(release_capability(__VA_ARGS__))

namespace berth::base {

class BERTH_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() BERTH_ACQUIRE() { mutex_.lock(); }
  void unlock() BERTH_RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class BERTH_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) BERTH_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() BERTH_RELEASE() { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

}  // namespace berth::base
