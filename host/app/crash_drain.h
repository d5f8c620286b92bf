// Where a thread that crashed inside a handler stays while the others finish what they have in
// flight: on_crash: drain. It decides and parks; whoever stops the server is told and stops it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/result.h"

namespace berth::serve {
class ResponseWriter;
}

namespace berth::app {

//   idle --park()--> parked --release(), or too late--> released
//
// One crash: a second one, of any thread, ends the process at once.
class CrashDrain {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<CrashDrain>> open();
  CrashDrain(const CrashDrain&) = delete;
  CrashDrain& operator=(const CrashDrain&) = delete;
  ~CrashDrain() = default;

  // on_crash; any thread. Off to begin with.
  void allow(bool drain) noexcept { allowed_.store(drain, std::memory_order_relaxed); }

  // --- the thread that crashed, in the handler of the signal; no lock, no allocation ---
  // Whether this crash may be drained, being the first: then the caller parks next. `response`: of
  // the request it is inside of, whose handler will never return; null: of none, so it may not.
  [[nodiscard]] bool claim(const serve::ResponseWriter* response) noexcept;
  // Tells who waits for descriptor(), and stays until release(), or for `most`: whoever is to
  // release it may need what this thread has locked.
  void park(base::Duration most) noexcept;

  // --- whoever stops the server ---
  // Becomes readable once a thread is parked.
  [[nodiscard]] int descriptor() const noexcept { return told_.get(); }
  // The response of the thread that is parked, which is in no other hands any more; null: none is.
  [[nodiscard]] const serve::ResponseWriter* parked() const noexcept;
  // It goes on, which ends the process by what it crashed of; returns at once.
  void release() noexcept;

 private:
  CrashDrain(base::Descriptor told, base::Descriptor tell) noexcept;
  enum : std::uint32_t { kIdle, kClaimed, kParked, kReleased };

  const base::Descriptor told_;  // the ends of a pipe
  const base::Descriptor tell_;
  std::atomic<bool> allowed_{false};  // relaxed: a switch
  // By the order above. release when it is parked, acquire by who reads response_ then.
  std::atomic<std::uint32_t> state_{kIdle};
  const serve::ResponseWriter* response_ = nullptr;
};

}  // namespace berth::app
