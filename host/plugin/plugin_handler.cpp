#include "plugin/plugin_handler.h"

#include <cxxabi.h>

#include <array>
#include <exception>
#include <utility>

#include "base/clock.h"
#include "plugin/exchange_bridge.h"
#include "serve/error_reply.h"
#include "serve/request.h"
#include "serve/response_writer.h"

namespace berth::plugin {

namespace {

constexpr std::string_view name_of(std::int32_t result) noexcept {
  switch (result) {
    case BERTH_E_INVALID:
      return "BERTH_E_INVALID";
    case BERTH_E_CLOSED:
      return "BERTH_E_CLOSED";
    case BERTH_E_TIMEOUT:
      return "BERTH_E_TIMEOUT";
    case BERTH_E_STATE:
      return "BERTH_E_STATE";
    case BERTH_E_TOO_LARGE:
      return "BERTH_E_TOO_LARGE";
    case BERTH_E_FAILED:
      return "BERTH_E_FAILED";
    case BERTH_DEFERRED:
      return "BERTH_DEFERRED, which this host does not offer";
    default:
      return "a result that the ABI does not know";
  }
}

bool deadline_passed(const serve::Request& request) noexcept {
  return request.deadline() && base::system_clock().now() >= *request.deadline();
}

}  // namespace

PluginHandler::PluginHandler(const berth_handler& table, std::string kind, std::string pattern,
                             const HostTable& host)
    : table_(table), host_(host), kind_(std::move(kind)) {
  route_.handler = this;
  route_.pattern = std::move(pattern);
}

PluginHandler::~PluginHandler() {
  if (table_.destroy == nullptr) return;
  try {
    table_.destroy(table_.self);
  } catch (...) {  // a C++ plugin without the SDK's guard
    host_.log(LogLevel::kError, "destroy() threw an exception");
  }
}

const serve::Route& PluginHandler::route(serve::Request&) { return route_; }

[[gnu::always_inline]] inline std::int32_t PluginHandler::call(berth_request& request,
                                                               berth_response& response) const {
  try {
    return table_.serve(table_.self, &request, &response);
  } catch (const abi::__forced_unwind&) {
    // pthread_exit() or a cancelled thread: it has to go on, or the runtime aborts.
    response.writer.fail();
    host_.log(LogLevel::kError, "serve() ended its thread");
    throw;
  } catch (const std::exception& error) {
    const std::array<LogPair, 1> pairs{{{"what", error.what()}}};
    host_.log(LogLevel::kError, "serve() threw an exception", pairs);
  } catch (...) {
    host_.log(LogLevel::kError, "serve() threw an exception that is no std::exception");
  }
  return BERTH_E_FAILED;
}

void PluginHandler::serve(serve::ResponseWriter& response, serve::Request& request) {
  const RouteScope scope(route_.pattern);
  berth_request request_handle(request);
  berth_response response_handle(response);
  const std::int32_t result = call(request_handle, response_handle);
  if (result != BERTH_OK) answer_failure(result, response, request_handle);
}

void PluginHandler::answer_failure(std::int32_t result, serve::ResponseWriter& response,
                                   const berth_request& request) const {
  // The client's own doing is no line of the log: the access log has it.
  const bool expected =
      result == BERTH_E_CLOSED || result == BERTH_E_TIMEOUT || result == BERTH_E_TOO_LARGE;
  if (!expected) {
    const std::array<LogPair, 1> pairs{{{"result", name_of(result)}}};
    host_.log(LogLevel::kError, "the handler failed", pairs);
  }
  if (result == BERTH_E_CLOSED && request.malformed && !response.committed()) {
    serve::reply_error(response, 400, serve::text(serve::IoError::kMalformed));
  } else if (response.committed() || !expected || result == BERTH_E_CLOSED) {
    response.fail();
  } else if (result == BERTH_E_TOO_LARGE) {
    serve::reply_error(response, 413, {});
  } else {
    serve::reply_error(response, deadline_passed(request.request) ? 503 : 408, {});
  }
}

}  // namespace berth::plugin
