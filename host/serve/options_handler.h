// Answers OPTIONS *: the server as a whole is asked, not a route (RFC 9110 s9.3.7). A route's
// OPTIONS is the mux's.
#pragma once

#include "serve/handler.h"

namespace berth::serve {

// 200 with Content-Length: 0; the body is ignored (Go net/http, go-net-http.md G56). Any thread.
class OptionsHandler final : public Handler {
 public:
  OptionsHandler();
  [[nodiscard]] const Route& route(Request& request) override;
  void serve(ResponseWriter& response, Request& request) override;

 private:
  Route route_;
};

}  // namespace berth::serve
