// How the calling thread computes with floating-point numbers: rounding, flush to zero, precision,
// which exceptions trap. Not which have occurred.
#pragma once

#include <cstdint>

namespace berth::base {

// Read in a few instructions and no call: on the way of every request.
class FloatingMode {
 public:
  [[nodiscard]] static FloatingMode now() noexcept {
    FloatingMode mode;
#if defined(__x86_64__)
    mode.vector_ = __builtin_ia32_stmxcsr() & ~kOccurred;
    asm volatile("fnstcw %0" : "=m"(mode.x87_));
#elif defined(__aarch64__)
    asm volatile("mrs %0, fpcr" : "=r"(mode.vector_));
#endif
    return mode;
  }
  // For the calling thread.
  void set() const noexcept {
#if defined(__x86_64__)
    __builtin_ia32_ldmxcsr(static_cast<std::uint32_t>(vector_) |
                           (__builtin_ia32_stmxcsr() & kOccurred));
    asm volatile("fldcw %0" : : "m"(x87_));
#elif defined(__aarch64__)
    asm volatile("msr fpcr, %0" : : "r"(vector_));
#endif
  }
  [[nodiscard]] bool operator==(const FloatingMode&) const noexcept = default;

 private:
  // Bits of MXCSR that tell what has happened.
  static constexpr std::uint32_t kOccurred = 0x3F;

  std::uint64_t vector_ = 0;
  std::uint16_t x87_ = 0;
};

}  // namespace berth::base
