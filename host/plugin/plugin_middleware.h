// A middleware made by a plugin for a route's `with:`, where equal uses share it. What it stands in
// is PluginChain.
#pragma once

#include <berth/abi.h>

#include <cstdint>
#include <string>

#include "plugin/call_scope.h"
#include "plugin/host_table.h"

namespace berth::plugin {

// call() on many threads at once.
class PluginMiddleware {
 public:
  // Takes over table, which `destroy` frees. host outlives this, and so does the image.
  PluginMiddleware(const berth_middleware& table, std::string kind, std::string pattern,
                   const HostTable& host);
  PluginMiddleware(const PluginMiddleware&) = delete;
  PluginMiddleware& operator=(const PluginMiddleware&) = delete;
  // Calls the plugin's destroy().
  ~PluginMiddleware();

  // The plugin's serve(), with everything contained that it might throw: a result of it, or
  // BERTH_E_FAILED.
  [[nodiscard]] std::int32_t call(berth_request& request, berth_response& response) const;
  [[nodiscard]] const HostTable& host() const noexcept { return host_; }
  [[nodiscard]] const CallSite& site() const noexcept { return site_; }
  [[nodiscard]] const std::string& kind() const noexcept { return kind_; }

 private:
  const berth_middleware& table_;
  const HostTable& host_;
  std::string kind_;
  std::string pattern_;
  CallSite site_;  // names pattern_
};

}  // namespace berth::plugin
