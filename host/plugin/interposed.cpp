#include "plugin/interposed.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cassert>
#include <cerrno>
#include <memory>
#include <new>
#include <utility>

#include "base/alternate_stack.h"
#include "plugin/call_scope.h"
#include "plugin/image_use.h"
#include "plugin/thread_exits.h"

extern "C" {
// What libstdc++, static or not, and other runtimes register destructors with (Itanium C++ ABI
// s3.3.6; glibc 2.18).
int __cxa_thread_atexit_impl(void (*destructor)(void*), void* object, void* dso_symbol);
// The sanitizers' version where one is linked.
[[gnu::weak]] int __interceptor_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*),
                                               void*);
extern char __dso_handle[];
}

namespace berth::plugin {

namespace {

using AtThreadExit = int (*)(void (*)(void*), void*, void*);
using CreateThread = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

// The next definition of a function in the order of lookup: a sanitizer's or the C library's.
template <class Function>
Function next_of(std::atomic<Function>& known, const char* name) noexcept {
  Function function = known.load(std::memory_order_relaxed);
  if (function == nullptr) {
    function = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
    known.store(function, std::memory_order_relaxed);
  }
  return function;
}

int real_thread_exit(void (*destructor)(void*), void* object, void* dso_symbol) noexcept {
  static constinit std::atomic<AtThreadExit> known{nullptr};
  return next_of(known, "__cxa_thread_atexit_impl")(destructor, object, dso_symbol);
}

int real_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*),
                void* argument) noexcept {
  if (__interceptor_pthread_create != nullptr) {
    return __interceptor_pthread_create(thread, attributes, routine, argument);
  }
  static constinit std::atomic<CreateThread> known{nullptr};
  return next_of(known, "pthread_create")(thread, attributes, routine, argument);
}

// A thread of an image, from before it exists to its last step in code that is not the C library's.
struct CountedThread {
  std::shared_ptr<ImageUse> image;
  void* (*routine)(void*);
  void* argument;
  pid_t id = 0;
  int rounds = 0;
  Call call{image->site()};  // what the thread is inside of from its first step to its last
};

void end_counted(void* argument) noexcept;

// As a call of the host would (CallScope): with its last thread a forked child would end by exit(),
// which runs static destructors of things that the threads it left behind still use.
void end_forked_child(const CountedThread& thread) noexcept {
  if ((thread.call.afterwards & Call::kForked) != 0) ::_exit(1);
}

// The key's destructors run behind those of thread_local objects.
pthread_key_t end_key() noexcept {
  static const pthread_key_t key = [] {
    pthread_key_t made{};
    [[maybe_unused]] const int error = ::pthread_key_create(&made, end_counted);
    assert(error == 0);
    return made;
  }();
  return key;
}

// Other keys' destructors may set values again, which makes further rounds; this goes along with
// all of them but the last, in which sanitizers forget the thread.
void end_counted(void* argument) noexcept {
  auto* const thread = static_cast<CountedThread*>(argument);
  end_forked_child(*thread);
  if (++thread->rounds < PTHREAD_DESTRUCTOR_ITERATIONS - 1 &&
      ::pthread_setspecific(end_key(), thread) == 0) {
    return;
  }
  base::RunningCode::exchange(nullptr);
  thread->image->thread_ended(thread->id);
  delete thread;
}

void* run_counted(void* argument) {
  auto* const thread = static_cast<CountedThread*>(argument);
  thread->id = ::gettid();
  thread->image->thread_runs(thread->id);
  // Without room for its value the end would never be told: the image stays, which is safe.
  (void)::pthread_setspecific(end_key(), thread);
  base::RunningCode::exchange(&thread->call);
  const base::AlternateStack faults;
  void* const result = thread->routine(thread->argument);
  end_forked_child(*thread);
  return result;
}

// Whose thread it is that is being started.
std::shared_ptr<ImageUse> starter(void* (*routine)(void*)) {
  const CallSite* const site = CallScope::current();
  if (site != nullptr && site->image != nullptr) return site->image->shared_from_this();
  // From a callback that the host does not know of: a library's thread, a signal handler.
  return ImageUse::of_address(reinterpret_cast<const void*>(routine));
}

}  // namespace

bool calls_are_interposed() noexcept {
  return ::dlsym(RTLD_DEFAULT, "__cxa_thread_atexit_impl") ==
         reinterpret_cast<void*>(&__cxa_thread_atexit_impl);
}

bool at_thread_exit(void (*run)(void*)) noexcept {
  return real_thread_exit(run, nullptr, __dso_handle) == 0;
}

// With C linkage it is the same function in every namespace.
extern "C" int __cxa_thread_atexit_impl(void (*destructor)(void*), void* object, void* dso_symbol) {
  std::shared_ptr<ImageUse> image = ImageUse::of_address(dso_symbol);
  if (!image) return real_thread_exit(destructor, object, dso_symbol);
  return keep_thread_exit(std::move(image), destructor, object) ? 0 : ENOMEM;
}

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*routine)(void*), void* argument) noexcept {
  std::shared_ptr<ImageUse> image = starter(routine);
  if (!image) return real_create(thread, attributes, routine, argument);
  auto* const counted = new (std::nothrow) CountedThread{std::move(image), routine, argument};
  if (counted == nullptr) return EAGAIN;
  counted->image->thread_starts();
  const int error = real_create(thread, attributes, run_counted, counted);
  if (error != 0) {
    counted->image->thread_ended(0);
    delete counted;
  }
  return error;
}

}  // namespace berth::plugin
