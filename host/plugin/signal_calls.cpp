#include "plugin/signal_calls.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>

namespace berth::plugin {

namespace {

using SetMask = int (*)(int, const sigset_t*, sigset_t*);

// What an instruction can make.
constexpr std::array kFaults = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

// The next one in the order of lookup: a sanitizer's or the C library's.
SetMask real_set_mask() noexcept {
  static constinit std::atomic<SetMask> known{nullptr};
  SetMask real = known.load(std::memory_order_relaxed);
  if (real == nullptr) {
    real = reinterpret_cast<SetMask>(::dlsym(RTLD_NEXT, "pthread_sigmask"));
    known.store(real, std::memory_order_relaxed);
  }
  return real;
}

int set_mask(int how, const sigset_t* set, sigset_t* before) noexcept {
  if (set == nullptr || how == SIG_UNBLOCK) return real_set_mask()(how, set, before);
  sigset_t allowed = *set;
  for (const int fault : kFaults) (void)::sigdelset(&allowed, fault);
  return real_set_mask()(how, &allowed, before);
}

bool is_fault(int signal) noexcept {
  return signal == SIGABRT || std::find(kFaults.begin(), kFaults.end(), signal) != kFaults.end();
}

bool is_blocked(int signal) noexcept {
  sigset_t now;
  return real_set_mask()(SIG_SETMASK, nullptr, &now) != 0 || ::sigismember(&now, signal) == 1;
}

}  // namespace

void prime_signal_calls() noexcept { (void)real_set_mask(); }

extern "C" int kill(pid_t process, int signal) noexcept {
  if (process == ::getpid() && is_fault(signal) && !is_blocked(signal)) {
    return static_cast<int>(::syscall(SYS_tgkill, process, ::gettid(), signal));
  }
  return static_cast<int>(::syscall(SYS_kill, process, signal));
}

extern "C" int pthread_sigmask(int how, const sigset_t* set, sigset_t* before) noexcept {
  return set_mask(how, set, before);
}

extern "C" int sigprocmask(int how, const sigset_t* set, sigset_t* before) noexcept {
  const int error = set_mask(how, set, before);
  if (error == 0) return 0;
  errno = error;
  return -1;
}

}  // namespace berth::plugin
