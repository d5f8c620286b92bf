#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <string_view>
#include <utility>

#include "plugin/abi_error.h"
#include "plugin/chain_run.h"
#include "plugin/exchange_bridge.h"
#include "plugin/plugin_filter.h"
#include "serve/response_filters.h"

namespace berth::plugin {

namespace {

// One that a handler without middleware has given to next().
class RefusedFilter final : public serve::ResponseFilter {
 public:
  RefusedFilter(const berth_filter& table, berth_response& response) noexcept
      : table_(table), response_(response) {}

  [[nodiscard]] serve::IoStatus on_head() noexcept override { return base::done(); }
  [[nodiscard]] serve::IoStatus on_body(std::string_view) noexcept override { return base::done(); }
  [[nodiscard]] serve::IoStatus on_end(const serve::IoStatus&) noexcept override {
    if (table_.on_end == nullptr) return base::done();
    try {
      (void)table_.on_end(table_.self, &response_, nullptr, BERTH_E_STATE);
    } catch (...) {  // the refusal is what counts
    }
    return base::done();
  }
  [[nodiscard]] bool changes_body() const noexcept override { return false; }

 private:
  const berth_filter& table_;
  berth_response& response_;
};

std::int32_t next_of(berth_response& response, const berth_filter* filter) {
  if (response.chain != nullptr) return response.chain->next(filter);
  if (filter == nullptr) return BERTH_E_STATE;
  if (!PluginFilter::is_complete(*filter)) return BERTH_E_INVALID;
  RefusedFilter refused(*filter, response);
  const berth_filter* const outer = std::exchange(response.refused, filter);
  response.writer.filters().refuse(refused);
  response.refused = outer;
  return BERTH_E_STATE;
}

// Not noexcept: a thread that ends inside of it has to unwind.
std::int32_t next(berth_request* request, berth_response* response, const berth_filter* filter) {
  if (request == nullptr || response == nullptr) return BERTH_E_INVALID;
  // From within its on_end(), which is called once.
  if (filter != nullptr && filter == response->refused) return BERTH_E_STATE;
  try {
    return next_of(*response, filter);
  } catch (const std::exception&) {  // std::bad_alloc
    response->writer.fail();
    return BERTH_E_FAILED;
  }
}

std::int64_t filter_pass(berth_sink* sink, const void* bytes, std::size_t size) noexcept {
  constexpr std::size_t kMost = std::numeric_limits<std::int64_t>::max();
  if (sink == nullptr || (bytes == nullptr && size != 0) || size > kMost) return BERTH_E_INVALID;
  const auto status = sink->filter->pass({static_cast<const char*>(bytes), size});
  return status.ok() ? static_cast<std::int64_t>(size) : abi_error(status.error());
}

}  // namespace

void install_middleware_calls(berth_host& table) noexcept {
  table.next = next;
  table.filter_pass = filter_pass;
}

}  // namespace berth::plugin
