#include "app/arenas.h"

#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace berth::app {

namespace {

std::string_view variable(const char* name) noexcept {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string_view() : std::string_view(value);
}

}  // namespace

void bound_arenas() noexcept {
  if (!variable("MALLOC_ARENA_MAX").empty()) return;
  if (variable("GLIBC_TUNABLES").find("arena_max") != std::string_view::npos) return;
  const unsigned cores = std::max(std::thread::hardware_concurrency(), 2U);
  (void)::mallopt(M_ARENA_MAX, static_cast<int>(cores) * kArenasPerCore);
}

}  // namespace berth::app
