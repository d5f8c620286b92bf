// When a host has become so large or so old that another should take its place: `recycle`. It
// replaces nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "config/configuration.h"

namespace berth::app {

struct HostSize {
  std::uint64_t retired_images = 0;  // that could not leave
  std::uint64_t memory = 0;          // bytes that are resident
  base::Duration age{};
};

// Of this process; 0 where the system does not tell.
[[nodiscard]] std::uint64_t resident_memory();

// Why, in a line; empty: it may stay.
[[nodiscard]] std::string recycle_reason(const config::Recycle& rule, const HostSize& size);

}  // namespace berth::app
