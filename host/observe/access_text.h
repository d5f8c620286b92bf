// How an access line looks, in the combined format and as JSON: pure formatting, no clock, no
// output.
#pragma once

#include "observe/access_log.h"
#include "observe/line_buffer.h"

namespace berth::observe {

// Both REQUIRE an empty line and end it with its only newline.

// Apache's combined format: host ident user [time] "request" status bytes "referer" "user agent",
// and "request id" behind it where there is one.
void format_combined(LineBuffer& line, const AccessRecord& record) noexcept;
// One JSON object; texts that are empty are left out.
void format_access_json(LineBuffer& line, const AccessRecord& record) noexcept;

}  // namespace berth::observe
