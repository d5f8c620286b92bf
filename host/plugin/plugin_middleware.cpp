#include "plugin/plugin_middleware.h"

#include <utility>

#include "plugin/contained_call.h"

namespace berth::plugin {

PluginMiddleware::PluginMiddleware(const berth_middleware& table, std::string kind,
                                   std::string pattern, const HostTable& host)
    : table_(table),
      host_(host),
      kind_(std::move(kind)),
      pattern_(std::move(pattern)),
      site_{pattern_, host.image()} {}

PluginMiddleware::~PluginMiddleware() { contained_destroy(table_, host_); }

std::int32_t PluginMiddleware::call(berth_request& request, berth_response& response) const {
  const CallScope scope(site_, &response.writer);
  return contained_serve(table_, request, response, host_);
}

}  // namespace berth::plugin
