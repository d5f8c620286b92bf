#include "plugin/plugin_chain.h"

#include <utility>

#include "plugin/chain_run.h"
#include "plugin/exchange_bridge.h"

namespace berth::plugin {

PluginChain::PluginChain(Middleware middleware, std::shared_ptr<PluginHandler> handler)
    : middleware_(std::move(middleware)), handler_(std::move(handler)) {
  route_.handler = this;
  route_.pattern = handler_->pattern();
}

const serve::Route& PluginChain::route(serve::Request&) { return route_; }

void PluginChain::serve(serve::ResponseWriter& response, serve::Request& request) {
  berth_request request_handle(request);
  berth_response response_handle(response);
  ChainRun run(*this, request_handle, response_handle);
  run.serve();
}

}  // namespace berth::plugin
