// One route's handler made by a plugin, as a serve::Handler: the place where a request crosses into
// the plugin and whatever comes back is made an answer. It does not route.
#pragma once

#include <berth/abi.h>

#include <cstdint>
#include <string>

#include "plugin/call_scope.h"
#include "plugin/host_table.h"
#include "serve/handler.h"

namespace berth::plugin {

// serve() on many threads at once. Nothing a plugin returns or throws leaves it but by
// ResponseWriter::fail() and the log.
class PluginHandler final : public serve::Handler {
 public:
  // Takes over table, which `destroy` frees. host outlives the handler, and so does the image.
  PluginHandler(const berth_handler& table, std::string kind, std::string pattern,
                const HostTable& host);
  PluginHandler(const PluginHandler&) = delete;
  PluginHandler& operator=(const PluginHandler&) = delete;
  // Calls the plugin's destroy().
  ~PluginHandler() override;

  // For a server with this one handler: its pattern, with the limits every route has by default.
  // Routes of a configuration are the mux's.
  [[nodiscard]] const serve::Route& route(serve::Request& request) override;
  void serve(serve::ResponseWriter& response, serve::Request& request) override;

  // For a chain: the plugin's serve() alone, with everything contained that it might throw. A
  // result of it, or BERTH_E_FAILED.
  [[nodiscard]] std::int32_t call(berth_request& request, berth_response& response) const;
  [[nodiscard]] const HostTable& host() const noexcept { return host_; }
  [[nodiscard]] const CallSite& site() const noexcept { return site_; }

  [[nodiscard]] const std::string& kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& pattern() const noexcept { return route_.pattern; }

 private:
  const berth_handler& table_;
  const HostTable& host_;
  std::string kind_;
  serve::Route route_;
  CallSite site_;
};

}  // namespace berth::plugin
