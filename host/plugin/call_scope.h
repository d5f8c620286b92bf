// Tells which plugin, which route of it and which request the thread is inside: for log lines, for
// reports of crashes, and so that the threads a plugin starts are counted for its image. It calls
// nothing.
#pragma once

#include <atomic>
#include <string_view>

#include "base/running_code.h"

namespace berth::serve {
class ResponseWriter;
}  // namespace berth::serve

namespace berth::plugin {

class ImageUse;

// What a call into a plugin belongs to. Outlives every scope that names it.
struct CallSite {
  std::string_view pattern;   // of the route; empty: a call outside of requests
  ImageUse* image = nullptr;  // null: of no image, as in tests
};

// What a thread is inside of; base::RunningCode names the innermost one. Read by the thread itself,
// in a handler of a signal, too: nothing of it changes while it is named.
struct Call {
  const CallSite* site;
  const serve::ResponseWriter* response = nullptr;  // null: a call outside of requests
};

// Stands around every call into a plugin; scopes nest, as a handler may run others.
class CallScope {
 public:
  explicit CallScope(const CallSite& site, const serve::ResponseWriter* response = nullptr) noexcept
      : call_{&site, response} {
    // For a handler of a signal that comes in between.
    std::atomic_signal_fence(std::memory_order_release);
    outer_ = base::RunningCode::exchange(&call_);
  }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  ~CallScope() noexcept { base::RunningCode::exchange(outer_); }

  // The innermost one's; null outside of all.
  [[nodiscard]] static const Call* innermost() noexcept {
    return static_cast<const Call*>(base::RunningCode::current());
  }
  [[nodiscard]] static const CallSite* current() noexcept {
    const Call* const call = innermost();
    return call == nullptr ? nullptr : call->site;
  }
  // The innermost one's; empty outside of all.
  [[nodiscard]] static std::string_view pattern() noexcept {
    const CallSite* const site = current();
    return site == nullptr ? std::string_view() : site->pattern;
  }

 private:
  const Call call_;
  const void* outer_;
};

}  // namespace berth::plugin
