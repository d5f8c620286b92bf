#include "http/response_encoder.h"

#include <array>
#include <cassert>
#include <cstring>
#include <string_view>

#include "http/status.h"

namespace berth::http {
namespace {

char* put(char* at, std::string_view text) noexcept {
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

}  // namespace

StatusLine::StatusLine(int status) noexcept {
  static constexpr std::string_view kVersion = "HTTP/1.1 ";
  assert(status >= 100 && status <= 999);
  const std::string_view phrase = reason_phrase(status);
  assert(kVersion.size() + 4 + phrase.size() + 2 <= text_.size());
  // Three digits and a space, which stands even before an empty phrase (RFC 9112 s4).
  char* at = put(text_.data(), kVersion);
  *at++ = static_cast<char>('0' + status / 100);
  *at++ = static_cast<char>('0' + status / 10 % 10);
  *at++ = static_cast<char>('0' + status % 10);
  *at++ = ' ';
  at = put(put(at, phrase), "\r\n");
  size_ = static_cast<std::size_t>(at - text_.data());
}

void append_head(std::string& out, int status, const Fields& fields) {
  out.append(StatusLine(status).text());
  out.append(fields.wire());
  out.append("\r\n");
}

}  // namespace berth::http
