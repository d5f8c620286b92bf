// A request target taken apart (RFC 9112 s3.2) into views; nothing is decoded or cleaned here.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "http/request_error.h"

namespace berth::http {

// Views into the target they were parsed from, but for the path of "http://host" and
// "http://host?q", which is "/" in static storage.
struct Target {
  enum class Form : std::uint8_t {
    kOrigin,     // /path?query
    kAbsolute,   // http://host[:port]/path?query, to a proxy, but servers have to take it
    kAuthority,  // host:port, CONNECT only
    kAsterisk,   // *, OPTIONS only
  };
  Form form = Form::kOrigin;
  std::string_view authority;  // kAbsolute, kAuthority: valid (is_host); otherwise empty
  std::string_view path;       // kOrigin, kAbsolute: raw, begins with '/'; kAsterisk: "*"
  std::string_view query;      // raw, what follows the '?'
  bool has_query = false;      // tells "/p?" from "/p"
  bool escaped = false;        // the path holds a "%"
};

// kBadTarget for: a form that the method does not allow, a fragment, bytes outside visible ASCII,
// a scheme but http and https, userinfo or an empty host, a CONNECT without port, and an escape in
// the path that is not "%" HEXDIG HEXDIG. (Escapes of the query are QueryParameters' business.)
[[nodiscard]] base::Result<Target, RequestError> parse_target(std::string_view method,
                                                              std::string_view target) noexcept;
// The same where it is needed, without a copy; of a failure `out` is left half done.
[[nodiscard]] base::Status<RequestError> parse_target(std::string_view method,
                                                      std::string_view target,
                                                      Target& out) noexcept;

}  // namespace berth::http
