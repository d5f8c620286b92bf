#include "serve/health_handler.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "serve/error_reply.h"
#include "serve/response_writer.h"
#include "serve/service.h"

namespace berth::serve {

namespace {

void answer(ResponseWriter& response, int status, std::string_view text) {
  const bool sent = response.set_field("Cache-Control", "no-store").ok() &&
                    response.set_field("Content-Type", "text/plain; charset=utf-8").ok() &&
                    response.set_status(status).ok() && response.write(text).ok();
  if (!sent) response.fail();
}

}  // namespace

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
  const bool states = path == "/connections";
  if (!ready && !states && path != "/livez") return reply_error(response, 404, {});
  if (request.method() != "GET" && request.method() != "HEAD") {
    return reply_error(response, 405, {}, "GET, HEAD");
  }
  if (states) return answer(response, 200, states_text());
  std::string_view fault;
  if (stuck_loops_() > 0) {
    fault = "a loop does not turn\n";
  } else if (ready && service_.stopping()) {
    fault = "stopping\n";
  }
  answer(response, fault.empty() ? 200 : 503, fault.empty() ? "ok\n" : fault);
}

std::string HealthHandler::states_text() const {
  const ConnectionStates states = service_.connection_states();
  std::string text;
  for (std::size_t i = 0; i < kConnectionStateCount; ++i) {
    text.append(name(static_cast<ConnectionState>(i))).append(" ");
    text.append(std::to_string(states.counts[i])).append("\n");
  }
  return text;
}

}  // namespace berth::serve
