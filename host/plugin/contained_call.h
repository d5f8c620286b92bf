// Calls into a plugin with everything contained that it might throw.
#pragma once

#include <berth/abi.h>
#include <cxxabi.h>

#include <array>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "plugin/call_scope.h"
#include "plugin/exchange_bridge.h"
#include "plugin/host_table.h"

namespace berth::plugin {

// Logs the exception that is being handled, as thrown by the plugin's function `name`.
inline void log_exception(std::string_view name, const HostTable& host) noexcept {
  try {
    const std::string begin = std::string(name) + " threw an exception";
    try {
      throw;
    } catch (const std::exception& error) {
      const std::array<LogPair, 1> pairs{{{"what", error.what()}}};
      host.log(LogLevel::kError, begin, pairs);
    } catch (...) {
      host.log(LogLevel::kError, begin + " that is no std::exception");
    }
  } catch (const std::bad_alloc&) {
    host.log(LogLevel::kError, "a call threw an exception");
  }
}

// serve() of a berth_handler or berth_middleware: a result of it, or BERTH_E_FAILED. The caller is
// in its CallScope.
template <class Table>
[[gnu::always_inline]] inline std::int32_t contained_serve(const Table& table,
                                                           berth_request& request,
                                                           berth_response& response,
                                                           const HostTable& host) {
  const HostTable* const outer = std::exchange(response.inside, &host);
  try {
    const std::int32_t result = table.serve(table.self, &request, &response);
    response.inside = outer;
    return result;
  } catch (const abi::__forced_unwind&) {
    // pthread_exit() or a cancelled thread: it has to go on, or the runtime aborts.
    response.writer.fail();
    host.log(LogLevel::kError, "serve() ended its thread");
    throw;
  } catch (...) {  // a C++ plugin without the SDK's guard
    log_exception("serve()", host);
  }
  response.inside = outer;
  return BERTH_E_FAILED;
}

// destroy() of the same.
template <class Table>
void contained_destroy(const Table& table, const HostTable& host) noexcept {
  if (table.destroy == nullptr) return;
  const CallSite outside{{}, host.image()};
  const CallScope scope(outside);
  try {
    table.destroy(table.self);
  } catch (...) {
    host.log(LogLevel::kError, "destroy() threw an exception");
  }
}

}  // namespace berth::plugin
