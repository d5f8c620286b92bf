#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>

#include "plugin/abi_error.h"
#include "plugin/chain_run.h"
#include "plugin/exchange_bridge.h"
#include "plugin/plugin_filter.h"

namespace berth::plugin {

namespace {

// To a handler without middleware.
std::int32_t refuse(berth_response& response, const berth_filter* filter) {
  const bool told = filter != nullptr && PluginFilter::is_complete(*filter);
  if (told && filter->on_end != nullptr) {
    (void)filter->on_end(filter->self, &response, nullptr, BERTH_E_STATE);
  }
  return BERTH_E_STATE;
}

// Not noexcept: a thread that ends inside of it has to unwind.
std::int32_t next(berth_request* request, berth_response* response, const berth_filter* filter) {
  if (request == nullptr || response == nullptr) return BERTH_E_INVALID;
  try {
    return response->chain != nullptr ? response->chain->next(filter) : refuse(*response, filter);
  } catch (const std::exception&) {  // std::bad_alloc
    response->writer.fail();
    return BERTH_E_FAILED;
  }
}

std::int64_t filter_pass(berth_sink* sink, const void* bytes, std::size_t size) noexcept {
  constexpr std::size_t kMost = std::numeric_limits<std::int64_t>::max();
  if (sink == nullptr || (bytes == nullptr && size != 0) || size > kMost) return BERTH_E_INVALID;
  try {
    const auto status = sink->filter->pass({static_cast<const char*>(bytes), size});
    return status.ok() ? static_cast<std::int64_t>(size) : abi_error(status.error());
  } catch (const std::exception&) {
    sink->filter->writer().fail();
    return BERTH_E_FAILED;
  }
}

}  // namespace

void install_middleware_calls(berth_host& table) noexcept {
  table.next = next;
  table.filter_pass = filter_pass;
}

}  // namespace berth::plugin
