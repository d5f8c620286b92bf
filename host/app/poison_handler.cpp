#include "app/poison_handler.h"

#include <utility>

#include "app/crash_ledger.h"
#include "serve/error_reply.h"
#include "serve/request.h"
#include "serve/response_writer.h"

namespace berth::app {

PoisonHandler::PoisonHandler(std::set<std::uint64_t> poison, serve::Handler& next)
    : poison_(std::move(poison)), next_(next) {}

const serve::Route& PoisonHandler::route(serve::Request& request) { return next_.route(request); }

void PoisonHandler::serve(serve::ResponseWriter& response, serve::Request& request) {
  if (!poison_.contains(fingerprint_of(request.method(), request.target()))) {
    return next_.serve(response, request);
  }
  // Not a 503: a proxy would try it with the next server.
  serve::reply_error(response, 500, "this request has crashed its handler before");
}

}  // namespace berth::app
