// A plain text reply in place of what a handler was about to send (Go's http.Error, http.NotFound).
// It ends no handler: return after it.
#pragma once

#include <berth/response.hpp>

#include <string>
#include <string_view>

namespace berth {

// Answers `status` with `text` and a line's end, as text that no browser takes for anything else.
// Fields that would describe the body it replaces, or have a failure kept, are removed:
// Content-Length, Content-Encoding, ETag, Last-Modified, Cache-Control (Go 1.23); all else stays.
// `text` is sent as it is: tell clients what they did, the log why. REQUIRES: a status that has a
// body. Throws Error with E_STATE once the head is committed.
inline void error_reply(ResponseWriter& response, int status, std::string_view text) {
  for (const char* name :
       {"Content-Length", "Content-Encoding", "ETag", "Last-Modified", "Cache-Control"}) {
    response.remove_header(name);
  }
  response.set_header("Content-Type", "text/plain; charset=utf-8");
  response.set_header("X-Content-Type-Options", "nosniff");
  response.status(status);
  response.write(std::string(text).append("\n"));
}

// The same words as the server's own where no route matches.
inline void not_found(ResponseWriter& response) { error_reply(response, 404, "404 Not Found"); }

}  // namespace berth
