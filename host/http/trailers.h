// Which fields may come after a body (RFC 9110 s6.5.1); the trailers themselves are Fields.
#pragma once

#include <string_view>

namespace berth::http {

// False for a name that frames the message, routes it, modifies or authenticates the request,
// controls the response or says how to process the content: none of these is looked for after the
// body, so nobody may put it there. For requests and responses.
[[nodiscard]] bool is_trailer_name(std::string_view name) noexcept;

}  // namespace berth::http
