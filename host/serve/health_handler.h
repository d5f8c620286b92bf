// Answers whether the server lives and is ready, on a listener of its own. It looks at loops and at
// whether a stop was announced, and at nothing of the plugins.
#pragma once

#include <functional>
#include <string>

#include "serve/handler.h"

namespace berth::serve {

class Service;

// GET and HEAD of
//   /livez             200 while every loop turns: none is inside one handler for longer than
//                      limits::kLoopStuck with no thread left to take it over; else 503
//   /readyz, /healthz  200 until a stop is announced, and while /livez is 200; else 503
//   /connections       200 and how many are in which state (Go's ConnState), a line each
// with "ok" or the reason as text. Another path is a 404, another method a 405. Any thread.
class HealthHandler final : public Handler {
 public:
  // stuck_loops: how many loops do not turn; any thread. service outlives this.
  HealthHandler(const Service& service, std::function<std::size_t()> stuck_loops);
  [[nodiscard]] const Route& route(Request& request) override;
  void serve(ResponseWriter& response, Request& request) override;

 private:
  [[nodiscard]] std::string states_text() const;

  const Service& service_;
  const std::function<std::size_t()> stuck_loops_;
  Route route_;
};

}  // namespace berth::serve
