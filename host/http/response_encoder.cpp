#include "http/response_encoder.h"

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

void append_head(std::string& out, int status, const Fields& fields) {
  static constexpr std::string_view kVersion = "HTTP/1.1 ";
  assert(status >= 100 && status <= 999);
  const std::string_view phrase = reason_phrase(status);
  const std::size_t before = out.size();
  // Three digits and a space, which stands even before an empty phrase (RFC 9112 s4); two line
  // ends.
  out.resize(before + kVersion.size() + 4 + phrase.size() + fields.bytes() + 4);
  char* at = put(out.data() + before, kVersion);
  *at++ = static_cast<char>('0' + status / 100);
  *at++ = static_cast<char>('0' + status / 10 % 10);
  *at++ = static_cast<char>('0' + status % 10);
  *at++ = ' ';
  at = put(put(at, phrase), "\r\n");
  for (const Field field : fields) {
    at = put(put(put(put(at, field.name), ": "), field.value), "\r\n");
  }
  at = put(at, "\r\n");
  assert(at == out.data() + out.size());
}

}  // namespace berth::http
