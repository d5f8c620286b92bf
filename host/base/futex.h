// Sleeping on a word and waking who sleeps on it (futex(2)): no lock is held, so a parked thread
// cannot keep one. Not a mutex.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace berth::base {

// Sleeps while word == expected, at most `timeout` (nanoseconds::max(): for ever). May wake for no
// reason: the caller looks again. Any thread.
void futex_wait(const std::atomic<std::uint32_t>& word, std::uint32_t expected,
                std::chrono::nanoseconds timeout) noexcept;
// Wakes all who sleep on word. One system call. Any thread.
void futex_wake(const std::atomic<std::uint32_t>& word) noexcept;

}  // namespace berth::base
