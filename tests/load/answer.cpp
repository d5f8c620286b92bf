#include "load/answer.h"

#include <charconv>
#include <system_error>

namespace berth::load {
namespace {

constexpr std::string_view kVersion = "HTTP/1.1 ";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr std::size_t kNone = std::string_view::npos;

// All of `text`, in the base; kNone if it is no number.
std::size_t number_in(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size() ? value : kNone;
}

// The value of a field, spelled as this server spells it; empty where it is missing.
std::string_view field(std::string_view head, std::string_view name) {
  const std::size_t at = head.find(name);
  if (at == kNone) return {};
  head.remove_prefix(at + name.size());
  return head.substr(0, head.find("\r\n"));
}

Parsed parse_chunks(std::string_view input, std::size_t at, Answer& answer) {
  for (;;) {
    const std::size_t line_end = input.find("\r\n", at);
    if (line_end == kNone) return Parsed::kMore;
    const std::size_t size = number_in(input.substr(at, line_end - at), 16);
    if (size == kNone) return Parsed::kWrong;
    at = line_end + 2;
    if (input.size() < at + size + 2) return Parsed::kMore;
    if (input.substr(at + size, 2) != "\r\n") return Parsed::kWrong;
    answer.body += input.substr(at, size);
    at += size + 2;
    if (size != 0) continue;
    answer.size = at;
    return Parsed::kWhole;
  }
}

}  // namespace

Parsed parse_answer(std::string_view input, Answer& answer) {
  answer.status = 0;
  answer.body.clear();
  const std::size_t head_end = input.find(kHeadEnd);
  if (head_end == kNone) return Parsed::kMore;
  const std::string_view head = input.substr(0, head_end + 2);
  if (!head.starts_with(kVersion)) return Parsed::kWrong;
  answer.status = static_cast<int>(number_in(head.substr(kVersion.size(), 3), 10));
  answer.close = field(head, "\r\nConnection: ") == "close";
  const std::size_t at = head_end + kHeadEnd.size();
  if (field(head, "\r\nTransfer-Encoding: ") == "chunked") return parse_chunks(input, at, answer);
  const std::size_t length = number_in(field(head, "\r\nContent-Length: "), 10);
  if (length == kNone) return Parsed::kWrong;
  if (input.size() < at + length) return Parsed::kMore;
  answer.body = input.substr(at, length);
  answer.size = at + length;
  return Parsed::kWhole;
}

}  // namespace berth::load
