// Uses the ABI from C++ without the SDK's guard: everything throws.
#include <berth/abi.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace {

std::int32_t serve(void*, berth_request*, berth_response*) {
  throw std::runtime_error("out of serve");
}
std::int32_t serve_number(void*, berth_request*, berth_response*) { throw 42; }
void destroy(void*) { throw 42; }

constexpr berth_handler kHandler{sizeof(berth_handler), nullptr, serve, destroy};
constexpr berth_handler kNumber{sizeof(berth_handler), nullptr, serve_number, nullptr};

const berth_kind* kind(std::size_t i) {
  static constexpr berth_kind kKinds[] = {{sizeof(berth_kind), BERTH_ROLE_HANDLER, "serve"},
                                          {sizeof(berth_kind), BERTH_ROLE_HANDLER, "number"},
                                          {sizeof(berth_kind), BERTH_ROLE_HANDLER, "make"},
                                          {sizeof(berth_kind), BERTH_ROLE_MIDDLEWARE, "wrap"}};
  return i < 4 ? &kKinds[i] : nullptr;
}

std::int32_t make(const berth_host*, const berth_mount* mount, const berth_handler** out) {
  if (mount->kind.size == 4) throw std::runtime_error("out of make");
  *out = mount->kind.size == 5 ? &kHandler : &kNumber;
  return BERTH_OK;
}

std::int32_t make_middleware(const berth_host*, const berth_mount*, const berth_middleware**) {
  throw std::runtime_error("out of make_middleware");
}

std::int32_t start(const berth_host*, const berth_config*, std::int32_t) {
  throw std::runtime_error("out of start");
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const berth_plugin* berth_plugin_v0(void) {
  static constexpr berth_plugin kPlugin = {sizeof(berth_plugin),
                                           BERTH_ABI_MAJOR,
                                           BERTH_ABI_MINOR,
                                           BERTH_ABI_MINOR,
                                           0,
                                           BERTH_PLUGIN_NAME,
                                           "1.0.0",
                                           kind,
                                           make,
                                           make_middleware,
                                           start,
                                           nullptr,
                                           nullptr};
  return &kPlugin;
}
