#include "supervise/line.h"

#include <unistd.h>

#include <span>

#include "net/wait.h"
#include "observe/line_buffer.h"
#include "observe/log_text.h"

namespace berth::supervise {

void write_line(observe::LogFormat format, observe::Level level, std::string_view message,
                const base::Clock& clock, int descriptor) noexcept {
  observe::LineBuffer line;
  const observe::LogLine what{
      .time = clock.wall(), .level = level, .message = message, .fields = {}};
  if (format == observe::LogFormat::kJson) {
    observe::format_json(line, what);
  } else {
    observe::format_text(line, what);
  }
  if (net::wait_writable(descriptor, base::TimePoint::min()) != net::WaitResult::kReady) return;
  (void)!::write(descriptor, line.text().data(), line.text().size());
}

}  // namespace berth::supervise
