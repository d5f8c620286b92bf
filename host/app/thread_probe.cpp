#include "app/thread_probe.h"

#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>

#include "app/backtrace.h"
#include "app/fault_record.h"
#include "app/process.h"
#include "base/futex.h"
#include "plugin/image_use.h"
#include "plugin/mapped_file.h"

namespace berth::app {

namespace {

// Not one of the first, which libraries take, nor of the last, which debuggers do.
int probe_signal() noexcept { return SIGRTMIN + 9; }

}  // namespace

std::atomic<ThreadProbe*>& ThreadProbe::present() noexcept {
  static constinit std::atomic<ThreadProbe*> only{nullptr};
  return only;
}

ThreadProbe::ThreadProbe() : executable_(binary_path()), process_(::getpid()) {}

ThreadProbe::~ThreadProbe() noexcept {
  if (has_signal()) {
    // Not the default, which would end the process: one may still be on its way.
    (void)::signal(probe_signal(), SIG_IGN);
  }
  present().store(nullptr, std::memory_order_release);
}

base::Result<std::unique_ptr<ThreadProbe>> ThreadProbe::install() {
  prime_backtrace();
  plugin::prime_fault_lookups();
  (void)plugin::ImageUse::peek(nullptr);
  std::unique_ptr<ThreadProbe> probe(new ThreadProbe());
  ThreadProbe* nobody = nullptr;
  if (!present().compare_exchange_strong(nobody, probe.get(), std::memory_order_acq_rel)) {
    return base::fail(base::ErrorCode::kSystem, "threads are asked by another server");
  }
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  if (::sigaction(probe_signal(), &action, nullptr) != 0) {
    return base::fail(base::system_error(errno, "sigaction"));
  }
  return probe;
}

void ThreadProbe::admit_this_thread() noexcept {
  sigset_t only;
  (void)::sigemptyset(&only);
  (void)::sigaddset(&only, probe_signal());
  (void)::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
}

bool ThreadProbe::has_signal() const noexcept {
  struct sigaction action {};
  return ::sigaction(probe_signal(), nullptr, &action) == 0 &&
         (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_signal;
}

const observe::CrashRecord* ThreadProbe::ask(pid_t thread, base::Duration patience) noexcept {
  // One that was asked before is still at it.
  if (state_.load(std::memory_order_acquire) == kTelling || !has_signal()) return nullptr;
  thread_.store(thread, std::memory_order_relaxed);
  state_.store(kAsked, std::memory_order_release);
  const bool sent = ::syscall(SYS_tgkill, process_, thread, probe_signal()) == 0;
  if (sent && await(patience)) return &record_;
  std::uint32_t state = kAsked;
  if (state_.compare_exchange_strong(state, kIdle, std::memory_order_acquire)) return nullptr;
  return state == kTold ? &record_ : nullptr;
}

bool ThreadProbe::await(base::Duration patience) noexcept {
  const base::TimePoint deadline = base::system_clock().now() + patience;
  for (;;) {
    const std::uint32_t state = state_.load(std::memory_order_acquire);
    if (state == kTold) return true;
    const base::TimePoint now = base::system_clock().now();
    if (now >= deadline) return false;
    base::futex_wait(state_, state, deadline - now);
  }
}

void ThreadProbe::tell(const void* context) noexcept {
  std::uint32_t state = kAsked;
  if (thread_.load(std::memory_order_relaxed) != ::gettid() ||
      !state_.compare_exchange_strong(state, kTelling, std::memory_order_acquire)) {
    return;  // too late
  }
  record_ = {};
  record_call(record_, *static_cast<const ucontext_t*>(context), executable_);
  state_.store(kTold, std::memory_order_release);
  base::futex_wake(state_);
}

void ThreadProbe::on_signal(int, siginfo_t* info, void* context) noexcept {
  const int saved = errno;
  ThreadProbe* const self = present().load(std::memory_order_acquire);
  // Anybody may send the signal, and a forked child has a thread of the same number.
  const bool asked = info->si_code == SI_TKILL && info->si_pid == ::getpid();
  if (self != nullptr && asked && self->process_ == ::getpid()) self->tell(context);
  errno = saved;
}

}  // namespace berth::app
