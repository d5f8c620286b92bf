#include "plugin/chain_run.h"

#include <new>
#include <string>
#include <string_view>
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
  // For the lines the host writes between the plugins' calls.
  const CallScope scope(chain_.handler().site(), &response_.writer);
  const std::int32_t result = enter();
  note_failure(result);
  if (failure_ != BERTH_OK) answer_failure(failure_, response_.writer, request_);
  serve::ResponseFilters& around = response_.writer.filters();
  // Whoever is gone is answered nothing, but a request with wrong framing has its 400.
  const bool gone = failure_ == BERTH_E_CLOSED && !request_.malformed;
  if (gone) {
    around.abandon();
  } else {
    around.finish();
  }
}

std::int32_t ChainRun::enter() {
  const std::size_t step = entered_++;
  const std::size_t caller = std::exchange(running_, step);
  answers_ = step;
  may_next_ = is_middleware(step);
  std::int32_t result = may_next_ ? chain_.middleware()[step]->call(request_, response_)
                                  : chain_.handler().call(request_, response_);
  may_next_ = false;
  // Whoever only hands on what it was told has not failed, and the line is there already. Whoever
  // has begun an answer of its own has.
  const bool hands_on = result == returned_ && response_.writer.status() == 0;
  if (result != BERTH_OK && !hands_on && failure_ == BERTH_OK) {
    log_failure(result, is_middleware(step) ? "middleware" : "handler", host_of(step));
  }
  if (result > 0) result = BERTH_E_FAILED;  // BERTH_DEFERRED, which is not offered
  running_ = caller;
  returned_ = result;
  return result;
}

const HostTable& ChainRun::host_of(std::size_t step) const noexcept {
  return is_middleware(step) ? chain_.middleware()[step]->host() : chain_.handler().host();
}

const CallSite& ChainRun::site_of(std::size_t step) const noexcept {
  return is_middleware(step) ? chain_.middleware()[step]->site() : chain_.handler().site();
}

void ChainRun::log_short(const PluginFilter& filter, std::uint64_t taken,
                         std::uint64_t expected) const {
  std::size_t step = answers_;
  std::string_view what = is_middleware(step) ? "middleware" : "handler";
  for (const PluginFilter& each : filters_) {  // outermost first
    if (each.step() <= filter.step() || !each.changes_body()) continue;
    step = each.step();
    what = "filter";
    break;
  }
  host_of(step).log(LogLevel::kError, "the " + std::string(what) + " wrote " +
                                          std::to_string(taken) + " of the " +
                                          std::to_string(expected) + " bytes that were declared");
}

std::int32_t ChainRun::next(const berth_filter* filter) {
  if (filter != nullptr && !PluginFilter::is_complete(*filter)) return BERTH_E_INVALID;
  serve::ResponseFilters& around = response_.writer.filters();
  if (!may_next_ || around.inside()) return refuse(filter);
  if (filter != nullptr) {
    try {
      filters_.emplace_back(*filter, running_, response_, *this);
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
  PluginFilter refused(*filter, running_, response_, *this);
  const berth_filter* const outer = std::exchange(response_.refused, filter);
  response_.writer.filters().refuse(refused);
  response_.refused = outer;
  return BERTH_E_STATE;
}

void ChainRun::forget_answer(std::int32_t result) noexcept {
  serve::ResponseWriter& writer = response_.writer;
  if (!writer.committed() && !writer.failed() && !writer.filters().opened()) {
    writer.discard();
    answers_ = running_;
    return;
  }
  writer.fail(failure_status(result, writer.request()));
  note_failure(result);
}

}  // namespace berth::plugin
