// One line to stderr as the host's log writes them, for a process without its threads.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "observe/log.h"

namespace berth::supervise {

// By one write(2), to stderr or in tests another descriptor. Lost where nobody has room for it: who
// supervises waits for no reader.
void write_line(observe::LogFormat format, observe::Level level, std::string_view message,
                const base::Clock& clock, int descriptor = 2) noexcept;

}  // namespace berth::supervise
