#include "reload/load/kind.h"

#include <array>
#include <charconv>
#include <utility>

#include "reload/checksum.h"

namespace berth::reload {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kToldFailures = 5;
constexpr std::size_t kUploadBytes = 64 * 1024;
constexpr std::size_t kSlowPieces = 10;
constexpr std::size_t kPipelined = 8;

std::string get(const std::string& path, const std::string& fields = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
}

std::string post(const std::string& field) {
  return "POST /sum HTTP/1.1\r\nHost: localhost\r\n" + field + "\r\n\r\n";
}

std::string with_length(std::size_t size) {
  return post("Content-Length: " + std::to_string(size));
}

std::string chunk(std::string_view bytes) {
  std::array<char, 16> digits{};
  const auto end =
      std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16).ptr;
  return std::string(digits.data(), end).append("\r\n").append(bytes).append("\r\n");
}

// Bytes that no shifted or repeated part of them equals.
std::string body_of(std::size_t size) {
  std::string body(size, '\0');
  std::uint32_t state = 1;
  for (char& byte : body) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<char>(state >> 24U);
  }
  return body;
}

int judge_line(const Answer& answer) {
  std::string_view text = answer.body;
  const int release = answer.status == 200 ? take_release(text) : kWrong;
  return text == "\n" ? release : kWrong;
}

Judge judge_upload(std::string_view body) {
  Checksum sum;
  sum.add(body);
  return [wanted = ": " + sum.text() + "\n"](const Answer& answer) {
    std::string_view text = answer.body;
    const int release = answer.status == 200 ? take_release(text) : kWrong;
    return text == wanted ? release : kWrong;
  };
}

int judge_stream(const Answer& answer) {
  if (answer.status != 200 || answer.body.size() != kStreamLines * kStreamLineBytes) return kWrong;
  int release = kWrong;
  for (std::string_view rest = answer.body; !rest.empty();) {
    std::string_view line = rest.substr(0, kStreamLineBytes);
    rest.remove_prefix(kStreamLineBytes);
    const int of_line = take_release(line);
    if (line.find_first_not_of('.', 1) != line.size() - 1 || !line.ends_with('\n')) return kWrong;
    if (of_line == kWrong || (release != kWrong && of_line != release)) return kWrong;
    release = of_line;
  }
  return release;
}

// On a machine where the loop gets no core in time the handler may win.
int judge_late(const Answer& answer) { return answer.status == 503 ? kAny : judge_line(answer); }

std::vector<std::string> slow_upload(std::string_view body, bool chunked) {
  std::vector<std::string> pieces{chunked ? post("Transfer-Encoding: chunked")
                                          : with_length(body.size())};
  for (std::size_t at = 0; at < body.size(); at += body.size() / kSlowPieces) {
    const std::string_view piece = body.substr(at, body.size() / kSlowPieces);
    pieces.push_back(chunked ? chunk(piece) : std::string(piece));
  }
  if (chunked) pieces.back() += chunk({});
  return pieces;
}

}  // namespace

void Kind::fail(std::string text) {
  ++failed;
  if (failures.size() < kToldFailures) failures.push_back(std::move(text));
}

int take_release(std::string_view& text) noexcept {
  for (const int release : {1, 2}) {
    const std::string_view name = release == 1 ? "release 1" : "release 2";
    if (!text.starts_with(name)) continue;
    text.remove_prefix(name.size());
    return release;
  }
  return kWrong;
}

std::vector<Kind> usual_kinds(std::size_t keep_alive_clients) {
  const std::string large = body_of(kUploadBytes);
  const std::string small = body_of(10 * 1024);
  std::vector<Kind> kinds;
  kinds.push_back({.name = "keep-alive",
                   .clients = keep_alive_clients,
                   .pieces = {get("/which")},
                   .judge = judge_line});
  kinds.push_back({.name = "new connections",
                   .clients = 16,
                   .pieces = {get("/which", "Connection: close\r\n")},
                   .judge = judge_line,
                   .close = true,
                   .rate = 100});
  kinds.push_back({.name = "uploads with a length",
                   .clients = 2,
                   .pieces = {with_length(large.size()) + large},
                   .judge = judge_upload(large),
                   .pause = 10ms});
  kinds.push_back({.name = "chunked uploads",
                   .clients = 2,
                   .pieces = {post("Transfer-Encoding: chunked") + chunk(large) + chunk({})},
                   .judge = judge_upload(large),
                   .pause = 10ms});
  kinds.push_back({.name = "slow uploads with a length",
                   .clients = 4,
                   .pieces = slow_upload(small, false),
                   .judge = judge_upload(small),
                   .between = 30ms});
  kinds.push_back({.name = "slow chunked uploads",
                   .clients = 4,
                   .pieces = slow_upload(small, true),
                   .judge = judge_upload(small),
                   .between = 30ms});
  kinds.push_back({.name = "streamed downloads",
                   .clients = 4,
                   .pieces = {get("/stream")},
                   .judge = judge_stream,
                   .pause = 5ms});
  return kinds;
}

std::vector<Kind> further_kinds() {
  std::string pipelined;
  for (std::size_t i = 0; i < kPipelined; ++i) pipelined += get("/which");
  std::vector<Kind> kinds;
  kinds.push_back({.name = "pipelined",
                   .clients = 4,
                   .pieces = {pipelined},
                   .judge = judge_line,
                   .pause = 2ms,
                   .answers = kPipelined});
  kinds.push_back({.name = "blocking and queued",
                   .clients = 64,  // more than there are threads
                   .pieces = {get("/sleep")},
                   .judge = judge_line,
                   .pause = 1ms});
  kinds.push_back({.name = "past their deadline",
                   .clients = 2,
                   .pieces = {get("/late")},
                   .judge = judge_late,
                   .pause = 10ms,
                   .close = true});
  kinds.push_back({.name = "cancelled by the drain",
                   .clients = 2,
                   .pieces = {get("/held")},
                   .judge = judge_line,
                   .pause = 10ms,
                   .until_reload = true});
  return kinds;
}

}  // namespace berth::reload
