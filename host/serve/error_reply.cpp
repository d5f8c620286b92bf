#include "serve/error_reply.h"

#include <string>

#include "http/response_encoder.h"
#include "http/status.h"

namespace berth::serve {

namespace {

constexpr std::string_view kTextPlain = "text/plain; charset=utf-8";

std::string body_of(int status, std::string_view text) {
  std::string body = std::to_string(status);
  const std::string_view reason = http::reason_phrase(status);
  if (!reason.empty()) {
    body += ' ';
    body += reason;
  }
  if (!text.empty()) {
    body += ": ";
    body += text;
  }
  body += '\n';
  return body;
}

}  // namespace

void append_error_reply(base::Buffer& out, int status, std::string_view text, std::string_view date,
                        bool head_request) {
  const std::string body = body_of(status, text);
  out.append(http::StatusLine(status).text());
  out.append("Date: ");
  out.append(date);
  out.append("\r\nContent-Type: ");
  out.append(kTextPlain);
  out.append("\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ");
  out.append(std::to_string(body.size()));
  if (status == 503) {
    out.append("\r\nRetry-After: ");
    out.append(std::to_string(base::limits::kRetryAfter.count()));
  }
  out.append("\r\nConnection: close\r\n\r\n");
  if (!head_request) out.append(body);
}

void reply_error(ResponseWriter& response, int status, std::string_view text,
                 std::string_view allow) {
  if (response.committed()) return;
  response.discard();
  // The response is fresh: none of these can be refused but by a lost connection, which finish()
  // sees.
  (void)response.set_field("Content-Type", kTextPlain);
  (void)response.set_field("X-Content-Type-Options", "nosniff");
  if (status == 503) {
    (void)response.set_field("Retry-After", std::to_string(base::limits::kRetryAfter.count()));
  }
  if (!allow.empty()) (void)response.set_field("Allow", allow);
  (void)response.set_status(status);
  (void)response.write(body_of(status, text));
}

}  // namespace berth::serve
