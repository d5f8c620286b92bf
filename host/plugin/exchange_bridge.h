// A plugin's view of one exchange: the req_* and resp_* calls of the host table over serve::Request
// and serve::ResponseWriter. It decides nothing about HTTP.
#pragma once

#include <berth/abi.h>

#include <optional>

#include "http/query_parameters.h"
#include "serve/request.h"
#include "serve/response_writer.h"

namespace berth::plugin {
class ChainRun;
class HostTable;
}  // namespace berth::plugin

// The ABI's opaque types, completed by this host. Both stand on the stack of PluginHandler::serve()
// or PluginChain::serve(), and allocate nothing until a plugin asks for the parsed query.

struct berth_request {
  berth::serve::Request& request;
  std::optional<berth::http::QueryParameters> query;  // parsed at the first question
  bool malformed = false;  // the plugin was told BERTH_E_CLOSED for a body with wrong framing

  explicit berth_request(berth::serve::Request& r) noexcept : request(r) {}
  berth_request(const berth_request&) = delete;
  berth_request& operator=(const berth_request&) = delete;
};

struct berth_response {
  berth::serve::ResponseWriter& writer;
  berth::plugin::ChainRun* chain = nullptr;  // null: there is no middleware around the handler
  const berth_filter* refused = nullptr;     // by next(), and being told so
  const berth::plugin::HostTable* inside = nullptr;  // of the plugin whose serve() runs

  explicit berth_response(berth::serve::ResponseWriter& w) noexcept : writer(w) {}
  berth_response(const berth_response&) = delete;
  berth_response& operator=(const berth_response&) = delete;
};

namespace berth::plugin {

// Set the req_* members, the resp_* members and those of middleware.
void install_request_calls(berth_host& table) noexcept;
void install_response_calls(berth_host& table) noexcept;
void install_middleware_calls(berth_host& table) noexcept;

}  // namespace berth::plugin
