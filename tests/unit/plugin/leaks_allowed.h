// Lets a scope leak, for the one thing that does so by design.
#pragma once

#if defined(__SANITIZE_ADDRESS__)
#define BERTH_TEST_HAS_LSAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BERTH_TEST_HAS_LSAN 1
#endif
#endif

#ifdef BERTH_TEST_HAS_LSAN
#include <sanitizer/lsan_interface.h>
#endif

namespace berth::plugin {

// A static libstdc++ allocates a pool for exceptions (72 KiB) when it is loaded and never frees it:
// what every load of such a plugin costs the process.
class LeaksAllowed {
 public:
#ifdef BERTH_TEST_HAS_LSAN
  LeaksAllowed() { __lsan_disable(); }
  ~LeaksAllowed() { __lsan_enable(); }
#else
  LeaksAllowed() {}
  ~LeaksAllowed() {}
#endif
  LeaksAllowed(const LeaksAllowed&) = delete;
  LeaksAllowed& operator=(const LeaksAllowed&) = delete;
};

}  // namespace berth::plugin
