// How a diagnostic line looks, as text and as JSON: pure formatting, no clock, no output.
#pragma once

#include <span>
#include <string_view>

#include "observe/line_buffer.h"
#include "observe/log.h"
#include "observe/timestamp.h"

namespace berth::observe {

// One diagnostic. Borrows all for the call.
struct LogLine {
  WallTime time;
  Level level;
  std::string_view message;
  std::span<const Field> fields;
};

// Both REQUIRE an empty line and end it with its only newline. A message longer than 2 KiB or a
// value longer than 1 KiB (as written) is cut; a field that does not fit is left out, and all after
// it; then `cut=true` or "cut":true stands last.

// TIME LEVEL MESSAGE KEY=VALUE...: values and messages that are not plain stand in quotes, and all
// is printable ASCII (escape.h add_ascii).
void format_text(LineBuffer& line, const LogLine& what) noexcept;
// One JSON object; real numbers that JSON lacks (NaN, infinities) are null.
void format_json(LineBuffer& line, const LogLine& what) noexcept;

}  // namespace berth::observe
