#include "plugin/exit_calls.h"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdlib>

#include "plugin/call_scope.h"
#include "plugin/image_use.h"

namespace berth::plugin {

namespace {

using End = void (*)(int);

constexpr std::array kNames = {"exit", "_exit", "_Exit", "quick_exit"};

// Functions of the C library have nothing else by which these could be reached.
struct Exits {
  std::atomic<ExitWatch> watch{nullptr};
  std::array<std::atomic<End>, kNames.size()> real{};
};

Exits& exits() noexcept {
  static constinit Exits only;
  return only;
}

// The next one in the order of lookup: a sanitizer's or the C library's.
End look_up(std::size_t index) noexcept {
  auto& known = exits().real[index];
  End real = known.load(std::memory_order_relaxed);
  if (real == nullptr) {
    real = reinterpret_cast<End>(::dlsym(RTLD_NEXT, kNames[index]));
    known.store(real, std::memory_order_relaxed);
  }
  return real;
}

[[noreturn]] void end(std::size_t index, int code, const void* caller) noexcept {
  const ExitWatch watch = exits().watch.load(std::memory_order_acquire);
  const bool from_plugin = CallScope::innermost() != nullptr || ImageUse::peek(caller) != nullptr;
  if (watch != nullptr && from_plugin) watch({kNames[index], code, caller});
  if (const End real = look_up(index); real != nullptr) real(code);
  std::abort();
}

}  // namespace

void watch_exits(ExitWatch watch) noexcept {
  // Now, for a child between fork() and exec() may not ask the loader.
  for (std::size_t i = 0; i < kNames.size(); ++i) (void)look_up(i);
  exits().watch.store(watch, std::memory_order_release);
}

extern "C" void exit(int code) noexcept { end(0, code, __builtin_return_address(0)); }
extern "C" void _exit(int code) { end(1, code, __builtin_return_address(0)); }
extern "C" void _Exit(int code) noexcept { end(2, code, __builtin_return_address(0)); }
extern "C" void quick_exit(int code) noexcept { end(3, code, __builtin_return_address(0)); }

}  // namespace berth::plugin
