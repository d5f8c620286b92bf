#include "lines.h"

#include <locale.h>
#include <time.h>

#include <array>
#include <ctime>
#include <optional>

namespace echo {

namespace {

using std::chrono::milliseconds;

// How long a client may take to read what is sent back.
constexpr milliseconds kWriteTimeout = std::chrono::seconds(30);

// nosniff: what comes back is whatever was sent, and must not become a page.
std::string head() {
  std::tm utc{};
  const std::time_t now = std::time(nullptr);
  ::gmtime_r(&now, &utc);
  const locale_t english = ::newlocale(LC_TIME_MASK, "C", nullptr);
  std::array<char, 64> date;
  const std::size_t size =
      ::strftime_l(date.data(), date.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc, english);
  ::freelocale(english);
  return "HTTP/1.1 200 OK\r\n"
         "Date: " +
         std::string(date.data(), size) +  // RFC 9110 s6.6.1
         "\r\n"
         "Content-Type: text/plain; charset=utf-8\r\n"
         "X-Content-Type-Options: nosniff\r\n"
         "Cache-Control: no-store\r\n"
         "Connection: close\r\n\r\n";
}

std::size_t read_max_line(const berth::Config& config) {
  const auto bytes = config.get<berth::Bytes>("max_line", berth::Bytes{4096});
  if (bytes.count < 16 || bytes.count > 1024 * 1024) {
    config["max_line"].fail("expected 16B to 1MiB");
  }
  return static_cast<std::size_t>(bytes.count);
}

milliseconds read_idle(const berth::Config& config) {
  const auto idle = config.get<berth::Duration>("idle", std::chrono::minutes(1));
  if (idle < milliseconds(1) || idle > std::chrono::hours(24)) {
    config["idle"].fail("expected 1ms to 24h");
  }
  return std::chrono::duration_cast<milliseconds>(idle);
}

void refuse(berth::ResponseWriter& response, int status, std::string_view text) {
  response.set_header("Content-Type", "text/plain; charset=utf-8");
  if (status == 503) response.set_header("Retry-After", "1");
  response.status(status);
  response.write(text);
}

// nullopt: refused, and answered.
std::optional<berth::Connection> take_over(berth::ResponseWriter& response) {
  const auto hijacker = response.as<berth::Hijacker>();
  if (!hijacker) {
    refuse(response, 501, "501 Not Implemented: this needs HTTP/1.1\n");
    return std::nullopt;
  }
  try {
    return hijacker->hijack();
  } catch (const berth::Error& error) {
    if (error.code() != BERTH_E_FAILED) throw;
    refuse(response, 503, "503 Service Unavailable: too many conversations\n");
    return std::nullopt;
  }
}

}  // namespace

Lines::Lines(const berth::Config& config)
    : max_line_(read_max_line(config)), idle_(read_idle(config)) {
  config.allow_only({"max_line", "idle"});
}

bool Lines::send_lines(berth::Connection& connection, std::string& pending) const {
  std::size_t whole = 0;
  bool fits = true;
  for (std::size_t end; fits && (end = pending.find('\n', whole)) != std::string::npos;) {
    fits = end + 1 - whole <= max_line_;
    if (fits) whole = end + 1;
  }
  fits = fits && pending.size() - whole <= max_line_;
  if (whole != 0) connection.write(std::string_view(pending).substr(0, whole), kWriteTimeout);
  pending.erase(0, whole);
  return fits;
}

std::string_view Lines::converse(berth::Connection& connection) const {
  std::string pending;
  std::array<char, 4096> buffer;
  for (;;) {
    std::size_t size = 0;
    try {
      size = connection.read(buffer, idle_);
    } catch (const berth::Error& error) {
      if (error.code() != BERTH_E_TIMEOUT) throw;
      return "nothing came for too long, goodbye\n";
    }
    if (size == 0) break;
    pending.append(buffer.data(), size);
    if (!send_lines(connection, pending)) return "that line is too long, goodbye\n";
  }
  if (!pending.empty()) connection.write(pending.append("\n"), kWriteTimeout);
  return "goodbye\n";
}

void Lines::serve(berth::ResponseWriter& response, berth::Request&) {
  auto connection = take_over(response);
  if (!connection) return;
  connection->write(head(), kWriteTimeout);
  connection->write(converse(*connection), kWriteTimeout);
}

}  // namespace echo
