// Every reply that the server itself makes up: one shape, one place. Statuses are the contract,
// texts are not.
#pragma once

#include <string_view>

#include "base/buffer.h"
#include "base/limits.h"
#include "serve/response_writer.h"

namespace berth::serve {

// A reply to a client whose request never became an exchange (malformed, refused, overloaded): the
// connection is closed behind it, and it says so. `date` is the Date field's value. A 503 carries
// Retry-After. `text` never holds bytes of the request. `head_request`: a HEAD is answered, so the
// body is left out (RFC 9110 s9.3.2).
void append_error_reply(base::Buffer& out, int status, std::string_view text, std::string_view date,
                        bool head_request = false);

// The same for an exchange whose head is not out yet: replaces whatever was set and written before.
// Does nothing once the head is out. `allow` becomes the Allow field of a 405 (RFC 9110 s15.5.6).
void reply_error(ResponseWriter& response, int status, std::string_view text,
                 std::string_view allow = {});

}  // namespace berth::serve
