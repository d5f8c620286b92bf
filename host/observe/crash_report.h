// What is known of a crash as a text for people, of lines "key: value" and a backtrace. It keeps no
// files: crash_folder.h does.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

#include "base/result.h"
#include "observe/crash_board.h"
#include "observe/crash_record.h"
#include "observe/line_buffer.h"
#include "observe/symbol_finder.h"
#include "observe/timestamp.h"

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
// and `symbols` are all the memory it needs. whole: as CrashBoard::Entry has it.
void format_crash(const CrashRecord& record, bool whole, SymbolFinder& symbols, LineBuffer& line,
                  CrashLines& out) noexcept;

// The lines of its backtrace alone, from the first frame to before `end`.
void format_frames(const CrashRecord& record, std::size_t end, SymbolFinder& symbols,
                   LineBuffer& line, CrashLines& out) noexcept;

// The same with names of functions as people write them.
[[nodiscard]] std::string readable_report(std::string_view report);

// How a process ended, as its parent knows.
struct ProcessEnd {
  pid_t process = 0;
  bool signalled = false;
  int number = 0;              // the signal, or the exit code
  bool core = false;           // was written
  bool out_of_memory = false;  // the kernel killed it for that
  WallTime when = {};
};

// What the board of a process that has ended says, functions by their names, and how it ended: to
// `out`, and to a new file of `folder`, whose name it returns. Without any record of a crash the
// end alone is reported. Errors as write_crash_report(); `out` has the report all the same.
[[nodiscard]] base::Result<std::string> report_crash(const CrashBoard& board, const ProcessEnd& end,
                                                     const std::string& folder, std::ostream& out);

}  // namespace berth::observe
