#include "serve/error_reply.h"

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

void append_error_reply(std::string& out, int status, std::string_view text, std::string_view date,
                        bool head_request) {
  const std::string body = body_of(status, text);
  out += "HTTP/1.1 ";
  out += std::to_string(status);
  out += ' ';
  out += http::reason_phrase(status);
  out += "\r\nDate: ";
  out += date;
  out += "\r\nContent-Type: ";
  out += kTextPlain;
  out += "\r\nX-Content-Type-Options: nosniff\r\nContent-Length: ";
  out += std::to_string(body.size());
  if (status == 503) {
    out += "\r\nRetry-After: ";
    out += std::to_string(base::limits::kRetryAfter.count());
  }
  out += "\r\nConnection: close\r\n\r\n";
  if (!head_request) out += body;
}

void reply_error(ResponseWriter& response, int status, std::string_view text,
                 std::string_view allow) {
  if (response.committed()) return;
  response.discard();
  // The response is fresh: none of these can be refused but by a lost connection, which finish() sees.
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
