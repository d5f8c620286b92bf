#include "plugin/failed_serve.h"

#include <array>
#include <string>

#include "base/clock.h"
#include "serve/error_reply.h"
#include "serve/io_error.h"

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

constexpr bool is_expected(std::int32_t result) noexcept {
  return result == BERTH_E_CLOSED || result == BERTH_E_TIMEOUT || result == BERTH_E_TOO_LARGE;
}

bool deadline_passed(const serve::Request& request) noexcept {
  return request.deadline() && base::system_clock().now() >= *request.deadline();
}

void reply(serve::ResponseWriter& response, int status, std::string_view text = {}) {
  if (response.failed()) {
    response.fail(status);  // by a filter: it writes no more, and its reply is on the way
  } else {
    serve::reply_error(response, status, text);
  }
}

}  // namespace

void log_failure(std::int32_t result, std::string_view what, const HostTable& host) {
  if (is_expected(result)) return;
  const std::array<LogPair, 1> pairs{{{"result", name_of(result)}}};
  host.log(LogLevel::kError, "the " + std::string(what) + " failed", pairs);
}

int failure_status(std::int32_t result, const serve::Request& request) noexcept {
  if (result == BERTH_E_TOO_LARGE) return 413;
  if (result == BERTH_E_TIMEOUT) return deadline_passed(request) ? 503 : 408;
  return 0;
}

void answer_failure(std::int32_t result, serve::ResponseWriter& response,
                    const berth_request& request) {
  if (result == BERTH_E_CLOSED && request.malformed && !response.committed()) {
    reply(response, 400, serve::text(serve::IoError::kMalformed));
    return;
  }
  const int status = failure_status(result, request.request);
  if (response.committed() || status == 0) {
    response.fail();
  } else {
    reply(response, status);
  }
}

}  // namespace berth::plugin
