#include "crash/load/kind.h"

#include <charconv>
#include <system_error>

namespace berth::crash {

std::int64_t process_in(const load::Answer& answer) noexcept {
  constexpr std::string_view kBegin = "process ";
  const std::string_view body = answer.body;
  if (answer.status != 200 || !body.starts_with(kBegin) || !body.ends_with('\n')) return 0;
  const char* const last = body.data() + body.size() - 1;
  std::int64_t process = 0;
  const auto [end, error] = std::from_chars(body.data() + kBegin.size(), last, process);
  return error == std::errc{} && end == last ? process : 0;
}

std::string request_for(std::string_view target, bool close) {
  return std::string("GET ")
      .append(target)
      .append(" HTTP/1.1\r\nHost: localhost\r\n")
      .append(close ? "Connection: close\r\n\r\n" : "\r\n");
}

std::string shown(const load::Answer& answer) {
  return "status " + std::to_string(answer.status) + ", " + std::to_string(answer.body.size()) +
         " bytes: " + answer.body.substr(0, 80);
}

}  // namespace berth::crash
