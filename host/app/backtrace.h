// Who called whom at a fault, walked by the unwinder from a handler of a signal: no lock, no
// allocation. It names no functions.
#pragma once

#include <cstdint>
#include <string_view>

#include "observe/crash_record.h"

namespace berth::app {

// Loads what the unwinder needs, from ordinary code.
void prime_backtrace() noexcept;

// Adds the frames from the one at `instruction` outwards to the record, and the files they lie in;
// `executable` is the path of the process's own. Where nothing can be walked: that one frame.
// `stack_pointer`: of the fault, where a call to no code has left where it came from; 0: not known.
void add_backtrace(observe::CrashRecord& record, std::uintptr_t instruction,
                   std::uintptr_t stack_pointer, std::string_view executable) noexcept;

}  // namespace berth::app
