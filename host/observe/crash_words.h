// A crash in words: what happened and whom it points to. From a handler of a signal, too: nothing
// is allocated and no locale is asked.
#pragma once

#include <cstdint>
#include <string_view>

#include "observe/crash_record.h"
#include "observe/line_buffer.h"

namespace berth::observe {

// "SIGSEGV"; "signal 34" has no name here and is empty. Static storage.
[[nodiscard]] std::string_view signal_name(int signal) noexcept;

// "SIGSEGV: wrote to address 0x0, a null pointer". One line; texts of the record are escaped.
void add_what(LineBuffer& line, const CrashRecord& record) noexcept;

// "heap corruption: ..." where the fault may be far from what made it; empty: it is where it shows.
// Static storage.
[[nodiscard]] std::string_view suspicion(const CrashRecord& record) noexcept;

// How the plugin is known; empty: there is none. Static storage.
[[nodiscard]] std::string_view blame_words(const CrashRecord& record) noexcept;

// "0x7f00"
void add_hex(LineBuffer& line, std::uint64_t value) noexcept;

}  // namespace berth::observe
