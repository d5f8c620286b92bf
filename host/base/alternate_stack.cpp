#include "base/alternate_stack.h"

#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"

namespace berth::base {

namespace {

std::size_t page_size() noexcept { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }

// What the kernel needs for the registers of this processor (sigaltstack(2)), and the handler.
std::size_t wanted_size() noexcept {
  const std::size_t page = page_size();
  const std::size_t bytes = ::getauxval(AT_MINSIGSTKSZ) + limits::kFaultStack;
  return (bytes + page - 1) / page * page;
}

}  // namespace

AlternateStack::AlternateStack() noexcept {
  stack_t before{};
  if (::sigaltstack(nullptr, &before) != 0 || (before.ss_flags & SS_DISABLE) == 0) return;
  const std::size_t page = page_size();
  const std::size_t size = wanted_size();
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
  void* const memory = ::mmap(nullptr, page + size, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (memory == MAP_FAILED) return;
  stack_t own{};
  own.ss_sp = static_cast<char*>(memory) + page;
  own.ss_size = size;
  if (::mprotect(memory, page, PROT_NONE) != 0 || ::sigaltstack(&own, nullptr) != 0) {
    (void)::munmap(memory, page + size);
    return;
  }
  memory_ = memory;
  size_ = page + size;
}

AlternateStack::~AlternateStack() noexcept {
  if (memory_ == nullptr) return;
  stack_t now{};
  const void* const own = static_cast<char*>(memory_) + page_size();
  if (::sigaltstack(nullptr, &now) == 0 && now.ss_sp == own) {
    stack_t none{};
    none.ss_flags = SS_DISABLE;
    // Refused where this runs on it: then it stays.
    if (::sigaltstack(&none, nullptr) != 0) return;
  }
  (void)::munmap(memory_, size_);
}

}  // namespace berth::base
