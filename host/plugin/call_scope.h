// Tells which plugin, and which route of it, the thread is inside: for log lines, and so that the
// threads a plugin starts are counted for its image. It calls nothing.
#pragma once

#include <string_view>

#include "base/running_code.h"

namespace berth::plugin {

class ImageUse;

// What a call into a plugin belongs to. Outlives every scope that names it.
struct CallSite {
  std::string_view pattern;   // of the route; empty: a call outside of requests
  ImageUse* image = nullptr;  // null: of no image, as in tests
};

// Stands around every call into a plugin; scopes nest, as a handler may run others.
class CallScope {
 public:
  explicit CallScope(const CallSite& site) noexcept : outer_(base::RunningCode::exchange(&site)) {}
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  ~CallScope() noexcept { base::RunningCode::exchange(outer_); }

  // The innermost one's; null outside of all.
  [[nodiscard]] static const CallSite* current() noexcept {
    return static_cast<const CallSite*>(base::RunningCode::current());
  }
  // The innermost one's; empty outside of all.
  [[nodiscard]] static std::string_view pattern() noexcept {
    const CallSite* const site = current();
    return site == nullptr ? std::string_view() : site->pattern;
  }

 private:
  const void* outer_;
};

}  // namespace berth::plugin
