#include "observe/access_text.h"

#include <array>
#include <chrono>
#include <cstddef>

#include "observe/escape.h"
#include "observe/timestamp.h"

namespace berth::observe {

namespace {

// Bytes of each text as written. Together with the fixed parts they fit a line, so nothing below
// can fail for want of room.
constexpr std::size_t kAddressBytes = 64;
constexpr std::size_t kMethodBytes = 64;
constexpr std::size_t kTargetBytes = 2 * std::size_t{1024};
constexpr std::size_t kProtocolBytes = 16;
constexpr std::size_t kRefererBytes = 1024;
constexpr std::size_t kAgentBytes = 1024;
constexpr std::size_t kRouteBytes = 1024;
constexpr std::size_t kRequestIdBytes = 256;
constexpr std::size_t kFixedBytes = 512;
static_assert(kAddressBytes + kMethodBytes + kTargetBytes + kProtocolBytes + kRefererBytes +
                  kAgentBytes + kRouteBytes + kRequestIdBytes + kFixedBytes <=
              LineBuffer::kCapacity);

void add_or_dash(LineBuffer& line, std::string_view value, std::size_t max_bytes) noexcept {
  if (value.empty()) {
    line.add('-');
  } else {
    add_ascii(line, value, max_bytes);
  }
}

// ,"KEY":"VALUE"
void add_member(LineBuffer& line, std::string_view key, std::string_view value,
                std::size_t max_bytes) noexcept {
  if (value.empty()) return;
  line.add(",\"");
  line.add(key);
  line.add("\":\"");
  add_json(line, value, max_bytes);
  line.add('"');
}

// A space would shift every column after it; only remote_address stands without quotes.
std::string_view one_column(std::string_view value) noexcept {
  return value.find(' ') == std::string_view::npos ? value : std::string_view();
}

}  // namespace

void format_combined(LineBuffer& line, const AccessRecord& record) noexcept {
  std::array<char, kMaxTimestamp> buffer;
  add_or_dash(line, one_column(record.remote_address), kAddressBytes);
  line.add(" - - [");
  line.add(common_log_time(record.time, buffer));
  line.add("] \"");
  add_or_dash(line, record.method, kMethodBytes);
  if (!record.target.empty()) {
    line.add(' ');
    add_ascii(line, record.target, kTargetBytes);
  }
  if (!record.protocol.empty()) {
    line.add(' ');
    add_ascii(line, record.protocol, kProtocolBytes);
  }
  line.add("\" ");
  line.add_number(record.status);
  line.add(' ');
  line.add_number(record.bytes);
  line.add(" \"");
  add_or_dash(line, record.referer, kRefererBytes);
  line.add("\" \"");
  add_or_dash(line, record.user_agent, kAgentBytes);
  if (!record.request_id.empty()) {
    line.add("\" \"");
    add_ascii(line, record.request_id, kRequestIdBytes);
  }
  line.add("\"\n");
}

void format_access_json(LineBuffer& line, const AccessRecord& record) noexcept {
  std::array<char, kMaxTimestamp> buffer;
  line.add("{\"time\":\"");
  line.add(rfc3339(record.time, buffer));
  line.add('"');
  add_member(line, "remote", record.remote_address, kAddressBytes);
  add_member(line, "method", record.method, kMethodBytes);
  add_member(line, "target", record.target, kTargetBytes);
  add_member(line, "protocol", record.protocol, kProtocolBytes);
  line.add(",\"status\":");
  line.add_number(record.status);
  line.add(",\"bytes\":");
  line.add_number(record.bytes);
  line.add(",\"duration_seconds\":");
  line.add_number(std::chrono::duration<double>(record.duration).count());
  add_member(line, "referer", record.referer, kRefererBytes);
  add_member(line, "user_agent", record.user_agent, kAgentBytes);
  add_member(line, "route", record.route, kRouteBytes);
  add_member(line, "request_id", record.request_id, kRequestIdBytes);
  line.add("}\n");
}

}  // namespace berth::observe
