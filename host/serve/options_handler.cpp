#include "serve/options_handler.h"

#include "serve/response_writer.h"

namespace berth::serve {

OptionsHandler::OptionsHandler() {
  route_.handler = this;
  route_.pattern = "OPTIONS *";
  route_.ignores_body = true;
}

const Route& OptionsHandler::route(Request&) { return route_; }

void OptionsHandler::serve(ResponseWriter& response, Request&) {
  (void)response.set_status(200);  // an empty response gets its Content-Length: 0 by itself
}

}  // namespace berth::serve
