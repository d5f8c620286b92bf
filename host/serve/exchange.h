// One request and its response: what a handler holds. It knows no connection, only a Transport, so
// that many of them can share one (HTTP/2) and a test needs none.
#pragma once

#include "serve/handler.h"
#include "serve/request.h"
#include "serve/response_writer.h"

namespace berth::serve {

// begin, route, run: once each per exchange, on the thread that holds it. Reused by its thread.
class Exchange {
 public:
  Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() = default;

  // parts.head and parts.transport outlive run().
  [[gnu::always_inline]] void begin(const Request::Parts& parts) {
    request_.reset(parts);
    response_.reset(request_, *parts.transport, parts.commit);
    route_ = nullptr;
  }

  // Asks `root` which route the request takes.
  const Route& route(Handler& root) {
    route_ = &root.route(request_);
    request_.set_route(*route_);
    return *route_;
  }

  // Calls the handler and completes the response, whatever the handler does. REQUIRES: route() was
  // called. False: the handler failed (it threw, or said so).
  bool run() noexcept;

  // Instead of run(), where the deadline has answered already.
  void skip() noexcept;

  [[nodiscard]] Request& request() noexcept { return request_; }
  [[nodiscard]] ResponseWriter& response() noexcept { return response_; }

 private:
  Request request_;
  ResponseWriter response_;
  const Route* route_ = nullptr;
};

}  // namespace berth::serve
