#include "app/crash_drain.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "base/futex.h"

namespace berth::app {

CrashDrain::CrashDrain(base::Descriptor told) noexcept : told_(std::move(told)) {}

base::Result<std::unique_ptr<CrashDrain>> CrashDrain::open() {
  base::Descriptor told(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!told) return base::fail(base::system_error(errno, "eventfd"));
  return std::unique_ptr<CrashDrain>(new CrashDrain(std::move(told)));
}

bool CrashDrain::claim(const serve::ResponseWriter* response) noexcept {
  if (response == nullptr || !allowed_.load(std::memory_order_relaxed)) return false;
  std::uint32_t idle = kIdle;
  if (!state_.compare_exchange_strong(idle, kClaimed, std::memory_order_acq_rel)) return false;
  response_ = response;
  return true;
}

void CrashDrain::park() noexcept {
  state_.store(kParked, std::memory_order_release);
  const std::uint64_t one = 1;
  (void)!::write(told_.get(), &one, sizeof one);
  while (state_.load(std::memory_order_acquire) != kReleased) {
    base::futex_wait(state_, kParked, std::chrono::nanoseconds::max());
  }
}

const serve::ResponseWriter* CrashDrain::parked() const noexcept {
  return state_.load(std::memory_order_acquire) == kParked ? response_ : nullptr;
}

void CrashDrain::release() noexcept {
  std::uint32_t parked = kParked;
  if (!state_.compare_exchange_strong(parked, kReleased, std::memory_order_acq_rel)) return;
  base::futex_wake(state_);
}

}  // namespace berth::app
