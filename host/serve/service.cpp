#include "serve/service.h"

#include "serve/h1_scratch.h"

namespace berth::serve {

bool Service::reserve_buffered(std::uint64_t bytes) noexcept {
  const std::uint64_t before = buffered_.fetch_add(bytes, std::memory_order_relaxed);
  if (before + bytes <= options_.buffered_bytes) return true;
  buffered_.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

std::unique_ptr<sched::Scratch> Service::make_scratch() const {
  return std::make_unique<H1Scratch>(options_);
}

}  // namespace berth::serve
