#include "serve/health_handler.h"

#include <string_view>
#include <utility>

#include "serve/error_reply.h"
#include "serve/response_writer.h"
#include "serve/service.h"

namespace berth::serve {

HealthHandler::HealthHandler(const Service& service, std::function<std::size_t()> stuck_loops)
    : service_(service), stuck_loops_(std::move(stuck_loops)) {
  route_.handler = this;
  route_.pattern = "health";
  route_.ignores_body = true;
  route_.logged = false;  // asked every few seconds by machines
}

const Route& HealthHandler::route(Request&) { return route_; }

void HealthHandler::serve(ResponseWriter& response, Request& request) {
  const std::string_view path = request.raw_path();
  const bool ready = path == "/readyz" || path == "/healthz";
  if (!ready && path != "/livez") return reply_error(response, 404, {});
  if (request.method() != "GET" && request.method() != "HEAD") {
    return reply_error(response, 405, {}, "GET, HEAD");
  }
  std::string_view fault;
  if (stuck_loops_() > 0) {
    fault = "a loop does not turn\n";
  } else if (ready && service_.stopping()) {
    fault = "stopping\n";
  }
  const bool sent = response.set_field("Cache-Control", "no-store").ok() &&
                    response.set_field("Content-Type", "text/plain; charset=utf-8").ok() &&
                    response.set_status(fault.empty() ? 200 : 503).ok() &&
                    response.write(fault.empty() ? "ok\n" : fault).ok();
  if (!sent) response.fail();
}

}  // namespace berth::serve
