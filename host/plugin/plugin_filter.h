// A filter that a middleware handed to next(), as a serve::ResponseFilter.
#pragma once

#include <berth/abi.h>

#include <cstddef>
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
  // All outlive it: table until on_end(). step: that of the middleware it came from.
  PluginFilter(const berth_filter& table, std::size_t step, berth_response& response,
               ChainRun& run) noexcept
      : table_(table), step_(step), response_(response), run_(run) {}
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
  void on_short(std::uint64_t taken, std::uint64_t expected) noexcept override;

  // The ABI's filter_pass().
  [[nodiscard]] serve::IoStatus pass(std::string_view bytes);
  [[nodiscard]] std::size_t step() const noexcept { return step_; }

 private:
  // The callback's result, or BERTH_E_FAILED for what it threw; whatever is wrong is logged.
  template <class Call>
  std::int32_t contained(std::string_view name, const Call& call) noexcept;
  // The same; a failure ends the response.
  template <class Call>
  serve::IoStatus decisive(std::string_view name, const Call& call) noexcept;
  // What on_end() is told.
  [[nodiscard]] std::int32_t outcome(const serve::IoStatus& result) const noexcept;
  [[nodiscard]] const HostTable& host() const noexcept;

  const berth_filter& table_;
  const std::size_t step_;
  berth_response& response_;
  ChainRun& run_;
  std::int32_t passed_on_ = BERTH_OK;  // a failure further out, as pass() told it in this callback
  berth_sink sink_{this};
};

}  // namespace berth::plugin
