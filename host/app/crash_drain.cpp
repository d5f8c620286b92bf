#include "app/crash_drain.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/futex.h"

namespace berth::app {

CrashDrain::CrashDrain(base::Descriptor told, base::Descriptor tell) noexcept
    : told_(std::move(told)), tell_(std::move(tell)) {}

base::Result<std::unique_ptr<CrashDrain>> CrashDrain::open() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    return base::fail(base::system_error(errno, "pipe2"));
  }
  return std::unique_ptr<CrashDrain>(
      new CrashDrain(base::Descriptor(ends[0]), base::Descriptor(ends[1])));
}

bool CrashDrain::claim(const serve::ResponseWriter* response) noexcept {
  if (response == nullptr || !allowed_.load(std::memory_order_relaxed)) return false;
  std::uint32_t idle = kIdle;
  if (!state_.compare_exchange_strong(idle, kClaimed, std::memory_order_acq_rel)) return false;
  response_ = response;
  return true;
}

void CrashDrain::park(base::Duration most) noexcept {
  const base::TimePoint deadline = base::system_clock().now() + most;
  state_.store(kParked, std::memory_order_release);
  constexpr char kParkedByte = 'P';
  (void)!::write(tell_.get(), &kParkedByte, 1);
  while (state_.load(std::memory_order_acquire) != kReleased) {
    const base::TimePoint now = base::system_clock().now();
    if (now >= deadline) return release();
    base::futex_wait(state_, kParked, deadline - now);
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
