#include "plugin/chain_run.h"

#include <new>
#include <utility>

#include "plugin/contained_call.h"
#include "plugin/failed_serve.h"
#include "serve/response_writer.h"

namespace berth::plugin {

ChainRun::ChainRun(const PluginChain& chain, berth_request& request, berth_response& response)
    : chain_(chain), request_(request), response_(response) {
  response.chain = this;
}

ChainRun::~ChainRun() { response_.writer.filters().abandon(); }

void ChainRun::serve() {
  const std::int32_t result = enter();
  note_failure(result);
  if (failure_ != BERTH_OK) answer_failure(failure_, response_.writer, request_);
  response_.writer.filters().finish();
}

std::int32_t ChainRun::enter() {
  const std::size_t step = entered_++;
  const std::size_t caller = std::exchange(running_, step);
  const PluginChain::Middleware& middleware = chain_.middleware();
  const bool is_middleware = step < middleware.size();
  may_next_ = is_middleware;
  std::int32_t result = is_middleware ? middleware[step]->call(request_, response_)
                                      : chain_.handler().call(request_, response_);
  may_next_ = false;
  // Whoever only hands on what it was told has not failed, and the line is there already.
  if (result != BERTH_OK && result != returned_ && failure_ == BERTH_OK) {
    log_failure(result, is_middleware ? "middleware" : "handler", host());
  }
  if (result > 0) result = BERTH_E_FAILED;  // BERTH_DEFERRED, which is not offered
  running_ = caller;
  returned_ = result;
  return result;
}

const HostTable& ChainRun::host() const noexcept {
  const PluginChain::Middleware& middleware = chain_.middleware();
  return running_ < middleware.size() ? middleware[running_]->host() : chain_.handler().host();
}

std::int32_t ChainRun::next(const berth_filter* filter) {
  if (filter != nullptr && !PluginFilter::is_complete(*filter)) return BERTH_E_INVALID;
  serve::ResponseFilters& around = response_.writer.filters();
  if (!may_next_ || around.inside()) return refuse(filter);
  if (filter != nullptr) {
    try {
      filters_.emplace_back(*filter, host(), response_, *this);
    } catch (const std::bad_alloc&) {
      return refuse(filter);
    }
    if (!around.add(filters_.back())) {
      filters_.pop_back();
      return refuse(filter);
    }
  }
  may_next_ = false;
  const std::int32_t result = enter();
  if (result != BERTH_OK) forget_answer(result);
  return result;
}

std::int32_t ChainRun::refuse(const berth_filter* filter) {
  if (filter == nullptr) return BERTH_E_STATE;
  PluginFilter refused(*filter, host(), response_, *this);
  (void)refused.on_end(base::fail(serve::IoError::kState));
  return BERTH_E_STATE;
}

void ChainRun::forget_answer(std::int32_t result) noexcept {
  serve::ResponseWriter& writer = response_.writer;
  if (!writer.committed() && !writer.failed() && !writer.filters().opened()) {
    writer.discard();
    return;
  }
  writer.fail(failure_status(result, writer.request()));
  note_failure(result);
}

}  // namespace berth::plugin
