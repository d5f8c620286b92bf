// Fills the record of a crash from where it happens: a handler of a signal on the guilty thread, or
// a call that ends the process; or the record of a call that still runs. No lock, no allocation;
// what is damaged is left out. It tells nobody.
#pragma once

#include <signal.h>
#include <ucontext.h>

#include <string_view>

#include "observe/crash_record.h"
#include "plugin/exit_calls.h"

namespace berth::app {

// The signal was sent; else the thread's own instruction has made it.
[[nodiscard]] bool was_sent(const siginfo_t& info) noexcept;

// `executable`: its path. The context is that of the signal. The handler is not to block signals of
// faults: see FaultGuard.
void record_fault(observe::CrashRecord& record, int signal, const siginfo_t& info,
                  const ucontext_t& context, std::string_view executable) noexcept;

// On the thread that calls.
void record_exit(observe::CrashRecord& record, const plugin::ExitCall& call,
                 std::string_view executable) noexcept;

// In the handler of any other signal, which goes on afterwards: what the thread is inside of, its
// name and its backtrace. Nothing while a fault is recorded.
void record_call(observe::CrashRecord& record, const ucontext_t& context,
                 std::string_view executable) noexcept;

}  // namespace berth::app
