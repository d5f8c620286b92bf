#include "app/closed_handler.h"

#include "serve/error_reply.h"
#include "serve/response_writer.h"

namespace berth::app {

ClosedHandler::ClosedHandler() {
  route_.handler = this;
  route_.ignores_body = true;
}

const serve::Route& ClosedHandler::route(serve::Request&) { return route_; }

void ClosedHandler::serve(serve::ResponseWriter& response, serve::Request&) {
  serve::reply_error(response, 503, "this part of the server is not available");
}

}  // namespace berth::app
