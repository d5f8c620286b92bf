#include "plugin/plugin_handler.h"

#include <utility>

#include "plugin/contained_call.h"
#include "plugin/exchange_bridge.h"
#include "plugin/failed_serve.h"
#include "serve/request.h"
#include "serve/response_writer.h"

namespace berth::plugin {

PluginHandler::PluginHandler(const berth_handler& table, std::string kind, std::string pattern,
                             const HostTable& host)
    : table_(table), host_(host), kind_(std::move(kind)) {
  route_.handler = this;
  route_.pattern = std::move(pattern);
  site_ = {route_.pattern, host.image()};
}

PluginHandler::~PluginHandler() { contained_destroy(table_, host_); }

const serve::Route& PluginHandler::route(serve::Request&) { return route_; }

void PluginHandler::serve(serve::ResponseWriter& response, serve::Request& request) {
  const CallScope scope(site_, &response);
  berth_request request_handle(request);
  berth_response response_handle(response);
  const std::int32_t result = contained_serve(table_, request_handle, response_handle, host_);
  if (result == BERTH_OK) [[likely]]
    return;
  log_failure(result, "handler", host_);
  answer_failure(result, response, request_handle);
}

std::int32_t PluginHandler::call(berth_request& request, berth_response& response) const {
  const CallScope scope(site_, &response.writer);
  return contained_serve(table_, request, response, host_);
}

}  // namespace berth::plugin
