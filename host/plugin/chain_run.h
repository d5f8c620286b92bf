// One request's way through a chain: who is inside, whose next() is still to come, and the filters
// that were handed to it.
#pragma once

#include <berth/abi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory_resource>

#include "plugin/exchange_bridge.h"
#include "plugin/plugin_chain.h"
#include "plugin/plugin_filter.h"

namespace berth::plugin {

// On the stack of PluginChain::serve(), used by its thread. Allocates only for chains with more
// filters than kFilterBytes holds.
class ChainRun {
 public:
  ChainRun(const PluginChain& chain, berth_request& request, berth_response& response);
  ChainRun(const ChainRun&) = delete;
  ChainRun& operator=(const ChainRun&) = delete;
  // Filters that serve() could not end are ended.
  ~ChainRun();

  // The whole chain, its failure answered and its filters ended.
  void serve();

  // The ABI's next(): see there.
  [[nodiscard]] std::int32_t next(const berth_filter* filter);

  // What ended the response: the first failure that nobody could answer for, of a filter or behind
  // a next(), else what the chain returned; BERTH_OK while there is nothing to tell.
  [[nodiscard]] std::int32_t failure() const noexcept { return failure_; }
  void note_failure(std::int32_t result) noexcept {
    if (failure_ == BERTH_OK) failure_ = result;
  }

  // Of the plugin that a step of the chain is of; steps count from the outermost, 0.
  [[nodiscard]] const HostTable& host_of(std::size_t step) const noexcept;
  [[nodiscard]] const CallSite& site_of(std::size_t step) const noexcept;
  // A line about whoever wrote `taken` of the `expected` bytes that were declared to the filter.
  void log_short(const PluginFilter& filter, std::uint64_t taken, std::uint64_t expected) const;

 private:
  static constexpr std::size_t kFilterBytes = 1024;

  // Runs the step at entered_ and comes back.
  [[nodiscard]] std::int32_t enter();
  [[nodiscard]] std::int32_t refuse(const berth_filter* filter);
  // Those behind next() have failed: with nothing out their answer is forgotten, so that whoever
  // called it may give one; else it has failed for good, whatever is returned from here on.
  void forget_answer(std::int32_t result) noexcept;
  [[nodiscard]] bool is_middleware(std::size_t step) const noexcept {
    return step < chain_.middleware().size();
  }

  const PluginChain& chain_;
  berth_request& request_;
  berth_response& response_;
  std::size_t entered_ = 0;  // steps that were entered
  std::size_t running_ = 0;  // the innermost that has not returned
  std::size_t answers_ = 0;  // whose turn it is, or was, to write the answer
  bool may_next_ = false;    // the innermost of them is a middleware that has not called it
  std::int32_t returned_ = BERTH_OK;  // by the step that came back last
  std::int32_t failure_ = BERTH_OK;
  std::array<std::byte, kFilterBytes> space_;
  std::pmr::monotonic_buffer_resource memory_{space_.data(), space_.size()};
  std::pmr::list<PluginFilter> filters_{&memory_};
};

}  // namespace berth::plugin
