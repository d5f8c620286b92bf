#include "serve/transport.h"

#include "serve/hijacked.h"

namespace berth::serve {

IoStatus Transport::send_response(int status, const http::Fields& fields, bool has_date,
                                  std::string_view body) {
  const BodyPlan plan{.length = body.size(), .suppressed = false, .has_date = has_date};
  if (auto sent = send_head(status, fields, plan); !sent) return sent;
  if (auto sent = send_body(body); !sent) return sent;
  return finish(http::Fields());
}

std::unique_ptr<Hijacked> Transport::hijack() { return nullptr; }

void Transport::set_read_deadline(std::optional<base::TimePoint> /*deadline*/) noexcept {}

void Transport::set_write_deadline(std::optional<base::TimePoint> /*deadline*/) noexcept {}

}  // namespace berth::serve
