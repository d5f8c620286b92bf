#include "http/trailers.h"

#include <algorithm>
#include <array>

#include "http/token.h"

namespace berth::http {
namespace {

using namespace std::string_view_literals;

// RFC 9110 s6.5.1 with the lists of RFC 7230 s4.1.2, which it replaces by their kinds.
constexpr auto kForbidden = std::to_array<std::string_view>({
    // framing and the connection
    "Connection"sv,
    "Content-Length"sv,
    "Keep-Alive"sv,
    "Proxy-Connection"sv,
    "TE"sv,
    "Trailer"sv,
    "Transfer-Encoding"sv,
    "Upgrade"sv,
    // routing
    "Forwarded"sv,
    "Host"sv,
    "Max-Forwards"sv,
    "X-Forwarded-For"sv,
    "X-Forwarded-Host"sv,
    "X-Forwarded-Proto"sv,
    // request modifiers; every If-* is among them
    "Expect"sv,
    "Pragma"sv,
    "Range"sv,
    // authentication and state
    "Authorization"sv,
    "Cookie"sv,
    "Proxy-Authenticate"sv,
    "Proxy-Authorization"sv,
    "Set-Cookie"sv,
    "WWW-Authenticate"sv,
    // control of the response
    "Age"sv,
    "Cache-Control"sv,
    "Date"sv,
    "Expires"sv,
    "Location"sv,
    "Retry-After"sv,
    "Vary"sv,
    "Warning"sv,
    // how to process the content
    "Content-Encoding"sv,
    "Content-Range"sv,
    "Content-Type"sv,
});

}  // namespace

bool is_trailer_name(std::string_view name) noexcept {
  if (equal_ignoring_case(name.substr(0, 3), "If-")) return false;
  return std::none_of(kForbidden.begin(), kForbidden.end(), [name](std::string_view forbidden) {
    return equal_ignoring_case(name, forbidden);
  });
}

}  // namespace berth::http
