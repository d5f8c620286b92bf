#include "plugin/signal_calls.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "plugin/call_scope.h"

namespace berth::plugin {

namespace {

// Of the kernel's sets, which are shorter than those of the C library.
constexpr std::size_t kBytes = (NSIG - 1) / 8;
// What an instruction can make.
constexpr std::array kFaults = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};

// The C library's own (pthread_cancel, setuid), which it never lets be blocked; sigdelset() refuses
// them.
void leave_out_library_signals(sigset_t& set) noexcept {
  auto* const words = reinterpret_cast<unsigned long*>(&set);
  words[0] &= ~(3UL << 31U);
}

// Of the caller's, which may have no more than the kernel's bytes.
void copy_set(sigset_t& to, const sigset_t& from) noexcept { std::memcpy(&to, &from, kBytes); }

// The host blocks none, and nobody is let: then a handler of that signal runs, behind which the
// kernel puts back what was before.
bool blocks_fault(const sigset_t& mask) noexcept {
  return std::any_of(kFaults.begin(), kFaults.end(),
                     [&mask](int fault) { return ::sigismember(&mask, fault) == 1; });
}

int change_mask(int how, const sigset_t* set, sigset_t* before) noexcept {
  sigset_t wanted{};
  if (set != nullptr) {
    copy_set(wanted, *set);
    if (how != SIG_UNBLOCK) {
      for (const int fault : kFaults) (void)::sigdelset(&wanted, fault);
    }
  }
  sigset_t was{};
  const int error = set_signal_mask(how, set == nullptr ? nullptr : &wanted, &was);
  if (error != 0) return error;
  if (before != nullptr) copy_set(*before, was);
  if (set != nullptr && !blocks_fault(was)) CallScope::mask_changes(was);
  return 0;
}

bool is_fault(int signal) noexcept {
  return signal == SIGABRT || std::find(kFaults.begin(), kFaults.end(), signal) != kFaults.end();
}

bool is_blocked(int signal) noexcept {
  sigset_t now{};
  return set_signal_mask(SIG_SETMASK, nullptr, &now) != 0 || ::sigismember(&now, signal) == 1;
}

}  // namespace

int set_signal_mask(int how, const sigset_t* set, sigset_t* before) noexcept {
  sigset_t wanted{};
  if (set != nullptr) {
    copy_set(wanted, *set);
    if (how != SIG_UNBLOCK) leave_out_library_signals(wanted);
  }
  // Of the kernel itself, and so without asking the loader for the C library's function.
  sigset_t was{};
  const int saved = errno;
  if (::syscall(SYS_rt_sigprocmask, how, set == nullptr ? nullptr : &wanted, &was, kBytes) != 0) {
    return std::exchange(errno, saved);
  }
  if (before != nullptr) copy_set(*before, was);
  return 0;
}

extern "C" int kill(pid_t process, int signal) noexcept {
  if (process == ::getpid() && is_fault(signal) && !is_blocked(signal)) {
    return static_cast<int>(::syscall(SYS_tgkill, process, ::gettid(), signal));
  }
  return static_cast<int>(::syscall(SYS_kill, process, signal));
}

extern "C" int pthread_sigmask(int how, const sigset_t* set, sigset_t* before) noexcept {
  return change_mask(how, set, before);
}

extern "C" int sigprocmask(int how, const sigset_t* set, sigset_t* before) noexcept {
  const int error = change_mask(how, set, before);
  if (error == 0) return 0;
  errno = error;
  return -1;
}

}  // namespace berth::plugin
