// The one joint of the server: whatever answers requests is a Handler, the mux and every filter
// included.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/limits.h"
#include "sched/learning.h"

namespace berth::serve {

class Handler;
class Request;
class ResponseWriter;

// What holds for a request once its head is known: who serves it and within which bounds.
// Owned by the handler that returned it, immutable but for what is learnt, alive as long as that
// handler.
struct Route {
  Handler* handler = nullptr;
  std::string pattern;                           // as in the route table; for logs and plugins
  std::uint64_t generation = 0;                  // that it is one of, for reports; 0: none
  std::uint64_t max_body = base::limits::kBody;  // bytes; 413 above
  base::Duration timeout = base::limits::kHandlerTimeout;  // zero: none
  // The handler answers from the head alone (a redirect, a 404): it is called before the body is
  // here.
  bool ignores_body = false;
  // A client that has ended its side still waits for the answer: only a reset cancels.
  bool ignores_half_close = false;
  // Its requests have a line in the access log, where there is one.
  bool logged = true;
  // Whether its calls block: the only part of a route that changes while it serves.
  mutable sched::Learning learning{};
};

// Go's http.Handler. serve() runs on many threads at once.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  // The route of a request, decided from its head alone: called before the body is read, once on
  // the thread that then serves it. May set the request's path values. Does not allocate, lock or
  // wait.
  [[nodiscard]] virtual const Route& route(Request& request) = 0;

  // Answers. The response is complete when this returns. May wait through `request` and `response`
  // as it likes. A throw is a failed handler: 500 if nothing was sent, else the connection is cut.
  virtual void serve(ResponseWriter& response, Request& request) = 0;
};

}  // namespace berth::serve
