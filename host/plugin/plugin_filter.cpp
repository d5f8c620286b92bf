#include "plugin/plugin_filter.h"

#include <cxxabi.h>

#include <exception>
#include <string>

#include "plugin/abi_error.h"
#include "plugin/chain_run.h"
#include "plugin/contained_call.h"
#include "plugin/failed_serve.h"
#include "serve/response_writer.h"

namespace berth::plugin {

const HostTable& PluginFilter::host() const noexcept { return run_.host_of(step_); }

template <class Call>
std::int32_t PluginFilter::contained(std::string_view name, const Call& call) noexcept {
  passed_on_ = BERTH_OK;
  const CallScope scope(run_.site_of(step_), &response_.writer);
  try {
    const std::int32_t result = call();
    // Whoever only hands on what pass() told has not failed, and the line is there already.
    if (result < 0 && result != passed_on_) log_failure(result, "filter", host());
    return result;
  } catch (const abi::__forced_unwind&) {
    // pthread_exit() or a cancelled thread, for which there is no way out through the writer.
    host().log(LogLevel::kError, std::string(name) + " ended its thread");
    std::terminate();
  } catch (...) {
    log_exception(name, host());
  }
  return BERTH_E_FAILED;
}

template <class Call>
serve::IoStatus PluginFilter::decisive(std::string_view name, const Call& call) noexcept {
  const std::int32_t result = contained(name, call);
  if (result >= 0) return base::done();
  run_.note_failure(result);
  serve::ResponseWriter& writer = response_.writer;
  writer.fail(failure_status(result, writer.request()));
  return base::fail(io_error(result));
}

serve::IoStatus PluginFilter::on_head() noexcept {
  if (table_.on_head == nullptr) return base::done();
  return decisive("on_head()", [&] { return table_.on_head(table_.self, &response_); });
}

serve::IoStatus PluginFilter::on_body(std::string_view bytes) noexcept {
  return decisive("on_body()", [&] {
    return table_.on_body(table_.self, &response_, &sink_, bytes.data(), bytes.size());
  });
}

std::int32_t PluginFilter::outcome(const serve::IoStatus& result) const noexcept {
  if (result) return BERTH_OK;
  const bool overdue = result.error() == serve::IoError::kTimedOut;
  return overdue || run_.failure() == BERTH_OK ? abi_error(result.error()) : run_.failure();
}

serve::IoStatus PluginFilter::on_end(const serve::IoStatus& result) noexcept {
  if (table_.on_end == nullptr) return base::done();
  const std::int32_t why = outcome(result);
  const auto call = [&] { return table_.on_end(table_.self, &response_, &sink_, why); };
  if (result) return decisive("on_end()", call);
  (void)contained("on_end()", [&] {
    (void)call();  // it is over: nothing can fail any more
    return BERTH_OK;
  });
  return base::done();
}

void PluginFilter::on_short(std::uint64_t taken, std::uint64_t expected) noexcept {
  run_.log_short(*this, taken, expected);
}

serve::IoStatus PluginFilter::pass(std::string_view bytes) {
  serve::ResponseFilters& around = response_.writer.filters();
  const serve::IoStatus status = around.pass(*this, bytes);
  if (!status && around.broken()) passed_on_ = abi_error(status.error());
  return status;
}

}  // namespace berth::plugin
