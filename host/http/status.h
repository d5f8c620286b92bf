// Status codes: their phrases and which of them have no body or no content. Replies are made
// elsewhere (serve/).
#pragma once

#include <string_view>

namespace berth::http {

// The phrase of the IANA registry; empty for a code that is not registered. Static storage.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

// 1xx, 204 and 304 end with their head (RFC 9112 s6.3 1).
[[nodiscard]] constexpr bool body_forbidden(int status) noexcept {
  return (status >= 100 && status < 200) || status == 204 || status == 304;
}

// Those, and 205: it is framed as other responses are, but of a body of no bytes (RFC 9110
// s15.3.6).
[[nodiscard]] constexpr bool content_forbidden(int status) noexcept {
  return body_forbidden(status) || status == 205;
}

}  // namespace berth::http
