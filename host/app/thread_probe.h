// Has a thread of the server tell where it stands: the call it is inside of and its stack, told by
// itself, in the handler of a signal. It judges nothing and stops nobody.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "observe/crash_record.h"

namespace berth::app {

//   ask(): idle -> asked, tgkill(2) -> the thread: asked -> telling, fills the record -> told
//          asked -> idle, where the thread does not answer in time
//
// One in a process, used by one thread. The signal is real-time (kSignal) and interrupts what the
// thread waits in: SA_RESTART, so that only what never goes on by itself returns EINTR (signal(7)),
// once. No lock, no allocation: the thread may hold any.
class ThreadProbe {
 public:
  // Error: there is one already, or the system refuses the handler.
  [[nodiscard]] static base::Result<std::unique_ptr<ThreadProbe>> install();
  ThreadProbe(const ThreadProbe&) = delete;
  ThreadProbe& operator=(const ThreadProbe&) = delete;
  // The signal is ignored from then on: one may be on its way. REQUIRES: threads that were asked
  // and have not answered have ended.
  ~ThreadProbe() noexcept;

  // The calling thread may be asked from now on: signals are blocked elsewhere (base/signals.h).
  static void admit_this_thread() noexcept;

  // What the thread is inside of; of the record's parts the call, the request, the thread's name
  // and the backtrace. Null: it has not answered in time, as it blocks the signal or is not
  // scheduled, or a plugin has taken the signal for itself. Until the next call.
  [[nodiscard]] const observe::CrashRecord* ask(pid_t thread, base::Duration patience) noexcept;

 private:
  enum : std::uint32_t { kIdle, kAsked, kTelling, kTold };
  ThreadProbe();
  [[nodiscard]] static std::atomic<ThreadProbe*>& present() noexcept;
  static void on_signal(int signal, siginfo_t* info, void* context) noexcept;
  [[nodiscard]] bool has_signal() const noexcept;
  [[nodiscard]] bool await(base::Duration patience) noexcept;
  void tell(const void* context) noexcept;

  const std::string executable_;
  const pid_t process_;
  // Published by state_: release by who has written, acquire by who reads next.
  observe::CrashRecord record_{};
  std::atomic<pid_t> thread_{0};
  std::atomic<std::uint32_t> state_{kIdle};
};

}  // namespace berth::app
