#include "http/target.h"

#include <algorithm>

#include "http/byte_scan.h"
#include "http/percent_encoding.h"
#include "http/token.h"

namespace berth::http {
namespace {

constexpr std::string_view kRoot = "/";

bool is_visible(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return find_target_end(text.data(), end) == end;
}

// absolute-path [ "?" query ] into target. A fragment is never sent (RFC 9110 s7.1).
[[gnu::always_inline]] inline bool split_path(std::string_view text, Target& target) noexcept {
  const char* const end = text.data() + text.size();
  const char* at = find_path_end(text.data(), end);
  for (; at != end && *at == '%'; at = find_path_end(at + 1, end)) target.escaped = true;
  target.path = {text.data(), at};
  if (target.escaped && !has_valid_escapes(target.path)) return false;
  if (at == end) return true;
  if (*at != '?') return false;
  target.has_query = true;
  target.query = {at + 1, end};
  return is_visible(target.query) && target.query.find('#') == std::string_view::npos;
}

// What follows "http://" or "https://"; nothing for other schemes, RFC 9110 s4.2.
std::string_view after_scheme(std::string_view text) noexcept {
  for (const std::string_view scheme :
       {std::string_view("http://"), std::string_view("https://")}) {
    if (equal_ignoring_case(text.substr(0, scheme.size()), scheme)) {
      return text.substr(scheme.size());
    }
  }
  return {};
}

// RFC 9112 s3.2.2. An empty path is "/" (RFC 9110 s4.2.3).
bool split_absolute(std::string_view text, Target& target) noexcept {
  const std::string_view rest = after_scheme(text);
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  target.form = Target::Form::kAbsolute;
  target.authority = rest.substr(0, end);
  if (!is_host(target.authority) || !split_path(rest.substr(end), target)) return false;
  if (target.path.empty()) target.path = kRoot;
  return true;
}

// RFC 9112 s3.2.3: host and port, both there.
bool split_authority(std::string_view text, Target& target) noexcept {
  target.form = Target::Form::kAuthority;
  target.authority = text;
  const std::size_t colon = text.rfind(':');
  return is_host(text) && colon != std::string_view::npos && colon + 1 < text.size() &&
         text.back() != ']';
}

[[gnu::always_inline]] inline bool split(std::string_view method, std::string_view text,
                                         Target& target) noexcept {
  if (method == "CONNECT") return split_authority(text, target);
  if (text.starts_with('/')) return split_path(text, target);
  if (text != "*") return split_absolute(text, target);
  target.form = Target::Form::kAsterisk;  // RFC 9112 s3.2.4
  target.path = text;
  return method == "OPTIONS";
}

}  // namespace

base::Status<RequestError> parse_target(std::string_view method, std::string_view target,
                                        Target& out) noexcept {
  out = Target();
  if (!split(method, target, out)) [[unlikely]]
    return base::fail(RequestError::kBadTarget);
  return base::done();
}

base::Result<Target, RequestError> parse_target(std::string_view method,
                                                std::string_view target) noexcept {
  Target parsed;
  if (auto status = parse_target(method, target, parsed); !status) {
    return base::fail(status.error());
  }
  return parsed;
}

}  // namespace berth::http
