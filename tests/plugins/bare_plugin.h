// A plugin of one handler straight on the tables of abi.h, for what the C++ face would not let be
// written.
#pragma once

#include <berth/abi.h>

#include <cstddef>
#include <cstdint>

namespace berth::test {

using BareServe = std::int32_t (*)(const berth_host& host, berth_request*, berth_response*);

// Whatever kind is asked for. For a Recorder; each `serve` is a plugin of its own.
template <BareServe serve>
const berth_plugin* bare_plugin() {
  static const berth_host* host = nullptr;
  static const berth_handler handler{
      sizeof handler, nullptr,
      [](void*, berth_request* request, berth_response* response) -> std::int32_t {
        return serve(*host, request, response);
      },
      [](void*) {}};
  static const berth_plugin plugin{
      sizeof plugin,
      BERTH_ABI_MAJOR,
      BERTH_ABI_MINOR,
      BERTH_ABI_MINOR,
      0,
      "bare",
      "1.0.0",
      [](std::size_t) -> const berth_kind* { return nullptr; },
      [](const berth_host* table, const berth_mount*, const berth_handler** out) -> std::int32_t {
        host = table;
        *out = &handler;
        return BERTH_OK;
      },
      nullptr,
      nullptr,
      nullptr,
      nullptr,
      nullptr};
  return &plugin;
}

}  // namespace berth::test
