#include "plugin/plugin_filter.h"

#include "plugin/abi_error.h"
#include "plugin/chain_run.h"
#include "plugin/contained_call.h"
#include "plugin/failed_serve.h"
#include "serve/response_writer.h"

namespace berth::plugin {

template <class Call>
serve::IoStatus PluginFilter::contained(std::string_view name, const Call& call) noexcept {
  std::int32_t result = BERTH_E_FAILED;
  try {
    result = call();
    if (result >= 0) return base::done();
    if (run_.failure() != result) log_failure(result, "filter", host_);
  } catch (...) {
    log_exception(name, host_);
  }
  run_.note_failure(result);
  writer().fail(failure_status(result, writer().request()));
  return base::fail(io_error(result));
}

serve::IoStatus PluginFilter::on_head() noexcept {
  if (table_.on_head == nullptr) return base::done();
  return contained("on_head()", [&] { return table_.on_head(table_.self, &response_); });
}

serve::IoStatus PluginFilter::on_body(std::string_view bytes) noexcept {
  return contained("on_body()", [&] {
    return table_.on_body(table_.self, &response_, &sink_, bytes.data(), bytes.size());
  });
}

serve::IoStatus PluginFilter::on_end(const serve::IoStatus& result) noexcept {
  if (table_.on_end == nullptr) return base::done();
  std::int32_t why = BERTH_OK;
  if (!result) {
    const bool first = result.error() != serve::IoError::kTimedOut && run_.failure() != BERTH_OK;
    why = first ? run_.failure() : abi_error(result.error());
  }
  const auto call = [&] { return table_.on_end(table_.self, &response_, &sink_, why); };
  if (result) return contained("on_end()", call);
  try {
    (void)call();  // it is over: nothing can fail any more
  } catch (...) {
    log_exception("on_end()", host_);
  }
  return base::done();
}

serve::IoStatus PluginFilter::pass(std::string_view bytes) {
  return response_.writer.filters().pass(*this, bytes);
}

}  // namespace berth::plugin
