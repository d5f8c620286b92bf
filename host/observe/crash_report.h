// What is known of a crash as a text for people, of lines "key: value" and a backtrace. It keeps no
// files: crash_folder.h does.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "observe/crash_record.h"
#include "observe/line_buffer.h"
#include "observe/symbol_finder.h"

namespace berth::observe {

// Takes a report line by line; each ends in LF and is printable ASCII.
class CrashLines {
 public:
  CrashLines() = default;
  CrashLines(const CrashLines&) = delete;
  CrashLines& operator=(const CrashLines&) = delete;
  virtual void line(std::string_view text) noexcept = 0;

 protected:
  ~CrashLines() = default;
};

// The whole report; functions have the names of their files. In a handler of a signal, too: `line`
// and `symbols` are all the memory it needs.
void format_crash(const CrashRecord& record, SymbolFinder& symbols, LineBuffer& line,
                  CrashLines& out) noexcept;

// The lines of its backtrace alone, from the first frame to before `end`.
void format_frames(const CrashRecord& record, std::size_t end, SymbolFinder& symbols,
                   LineBuffer& line, CrashLines& out) noexcept;

// The same with names of functions as people write them.
[[nodiscard]] std::string readable_report(std::string_view report);

}  // namespace berth::observe
