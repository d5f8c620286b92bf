// A filter that a middleware handed to next(), as a serve::ResponseFilter.
#pragma once

#include <berth/abi.h>

#include <cstdint>
#include <string_view>

#include "plugin/exchange_bridge.h"
#include "plugin/host_table.h"
#include "serve/response_filters.h"

namespace berth::plugin {
class PluginFilter;
}

// The ABI's opaque type, completed by this host.
struct berth_sink {
  berth::plugin::PluginFilter* filter;
};

namespace berth::plugin {

// Nothing that its functions throw leaves it; failures are logged for the plugin it came from.
class PluginFilter final : public serve::ResponseFilter {
 public:
  // All outlive it: table until on_end().
  PluginFilter(const berth_filter& table, const HostTable& host, berth_response& response,
               ChainRun& run) noexcept
      : table_(table), host_(host), response_(response), run_(run) {}
  PluginFilter(const PluginFilter&) = delete;
  PluginFilter& operator=(const PluginFilter&) = delete;
  ~PluginFilter() override = default;

  [[nodiscard]] static bool is_complete(const berth_filter& table) noexcept {
    return table.size >= sizeof(berth_filter);
  }

  [[nodiscard]] serve::IoStatus on_head() noexcept override;
  [[nodiscard]] serve::IoStatus on_body(std::string_view bytes) noexcept override;
  [[nodiscard]] serve::IoStatus on_end(const serve::IoStatus& result) noexcept override;
  [[nodiscard]] bool changes_body() const noexcept override { return table_.on_body != nullptr; }

  // The ABI's filter_pass().
  [[nodiscard]] serve::IoStatus pass(std::string_view bytes);
  [[nodiscard]] serve::ResponseWriter& writer() const noexcept { return response_.writer; }

 private:
  template <class Call>
  serve::IoStatus contained(std::string_view name, const Call& call) noexcept;

  const berth_filter& table_;
  const HostTable& host_;
  berth_response& response_;
  ChainRun& run_;
  berth_sink sink_{this};
};

}  // namespace berth::plugin
