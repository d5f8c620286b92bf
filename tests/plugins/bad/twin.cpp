// One of two plugins that define the same names, all of them visible, with statics that the
// compiler makes unique to the process, and with one static library linked into each.
#include <berth/abi.h>

#include <cstddef>
#include <cstdint>

#include "shared_code.h"

int twin_value = TWIN_VALUE;
int twin_function() { return twin_value; }

template <class T>
struct Counter {
  static inline int value = TWIN_VALUE;
};

inline int& inline_static() {
  static int value = TWIN_VALUE;
  return value;
}

namespace {

const berth_kind* kind(std::size_t i) {
  static constexpr berth_kind kOnly = {sizeof(berth_kind), BERTH_ROLE_HANDLER, "sum"};
  return i == 0 ? &kOnly : nullptr;
}

// The sum of what each way to reach a value finds: five times its own.
std::int32_t serve(void*, berth_request*, berth_response*) {
  return twin_function() + twin_value + Counter<int>::value + inline_static() + shared_code_value();
}

std::int32_t make(const berth_host*, const berth_mount*, const berth_handler** out) {
  static constexpr berth_handler kHandler = {sizeof(berth_handler), nullptr, serve, nullptr};
  shared_code_set(TWIN_VALUE);
  *out = &kHandler;
  return BERTH_OK;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const berth_plugin* berth_plugin_v0(void) {
  static constexpr berth_plugin kPlugin = {.size = sizeof(berth_plugin),
                                           .abi_major = BERTH_ABI_MAJOR,
                                           .abi_minor = BERTH_ABI_MINOR,
                                           .needs_minor = BERTH_ABI_MINOR,
                                           .reserved = 0,
                                           .name = BERTH_PLUGIN_NAME,
                                           .version = BERTH_PLUGIN_VERSION,
                                           .kind = kind,
                                           .make = make,
                                           .make_middleware = nullptr,
                                           .start = nullptr,
                                           .stop = nullptr,
                                           .self_test = nullptr};
  return &kPlugin;
}
